import { describeConformance } from '@signstash-connect/testing/conformance';
import { batchDriver, filesDriver } from './conformance-drivers.ts';

describeConformance('signAll', { partial: true, fromDisk: false }, batchDriver);
describeConformance('signFiles', { partial: true, fromDisk: true }, filesDriver);
