import { describeConformance } from '@signstash-connect/testing/conformance';
import { createDriver, traits } from './support/conformance-driver.ts';

describeConformance('the n8n node', traits, createDriver);
