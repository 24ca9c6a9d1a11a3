import { describeExternalConformance } from '@signstash-connect/testing/conformance';
import { createDriver, traits } from './support/conformance-driver.ts';

describeExternalConformance('the command line', traits, createDriver);
