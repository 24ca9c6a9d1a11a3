import { describeConformance } from '@signstash-connect/testing/conformance';
import { createDriver, traits } from './support/conformance-driver.ts';

describeConformance('the command line', traits, createDriver);
