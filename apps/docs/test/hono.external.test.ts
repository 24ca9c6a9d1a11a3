import { describeExternalConformance } from '@signstash-connect/testing/conformance';
import { createDriver, traits } from './support/hono-driver.ts';

describeExternalConformance('the Hono example', traits, createDriver);
