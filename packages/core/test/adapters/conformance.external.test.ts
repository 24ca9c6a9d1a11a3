import { describeExternalConformance } from '@signstash-connect/testing/conformance';
import { batchDriver, filesDriver } from './conformance-drivers.ts';

describeExternalConformance('signAll', { partial: true, fromDisk: false }, batchDriver);
describeExternalConformance('signFiles', { partial: true, fromDisk: true }, filesDriver);
