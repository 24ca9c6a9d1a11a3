import { describeConformance } from '@signstash-connect/testing/conformance';
import { createDriver, traits } from './support/conformance-driver.ts';

describeConformance('the Express adapter', traits, createDriver);
