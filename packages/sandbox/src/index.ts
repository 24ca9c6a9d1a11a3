/**
 * A local Sign'Stash for tests and development. Start at {@link startSandbox}.
 *
 * @module @signstash-connect/sandbox
 */
export type { SandboxAdmin } from './admin/admin.ts';
export type { SandboxCounts } from './admin/counts.ts';
export { connectSandboxAdmin, type RemoteSandboxAdmin, type SandboxAdminAccess } from './admin/remote-admin.ts';
export type { RequestLogEntry } from './admin/request-log.ts';
export { banner, machineReadable } from './cli/banner.ts';
export type { EndpointName, ServiceName } from './endpoints.ts';
export type * from './faults/fault.ts';
export type { UsageSettings } from './integration-service/usage.ts';
export { documentedCredentials, type SandboxOptions } from './options.ts';
export { type Sandbox, startSandbox } from './sandbox.ts';
export type { SignErrorCode } from './signer.ts';
export { findSchemaViolations, type ServiceAnswer } from './wire/answer-check.ts';
export type { DateMode, DateSpelling } from './wire/service-dates.ts';
