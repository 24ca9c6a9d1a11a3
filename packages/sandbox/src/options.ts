import { randomBytes, randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RequestLogEntry } from './admin/request-log.ts';
import type { DateMode } from './wire/service-dates.ts';

/** Options of a sandbox. The defaults suit tests. */
export interface SandboxOptions {
  /** Address to listen on. The admin API is served on a loopback address only. Default `127.0.0.1`. */
  host?: string;
  /** Port to listen on. Default `0`: any free one (the command line defaults to 8700). */
  port?: number;
  /** Folder in which the sandbox's certificate authority is kept for later runs. */
  stateDirectory?: string;
  /** The client service alias. Default: a new, obviously fake one for every start. */
  clientId?: string;
  /** Default: a new, obviously fake one for every start, with characters that break careless encoding. */
  clientSecret?: string;
  /** Default `86399`, as the real service answers. */
  tokenLifetimeSeconds?: number;
  /**
   * What a repeated `externalReference` is answered: `refuse` answers 409 with errorCode 0.0.7, as documented.
   * `refuse-signed` does so unless the earlier document ended in ERROR_SIGNING. `sign-again` signs and counts it
   * again, the worst case, to prove that a client never repeats a reference. Default `refuse`.
   */
  duplicateReferences?: 'refuse' | 'refuse-signed' | 'sign-again';
  /** Signatures the issuer has paid for; `null` for an issuer without a limit. Default 1,000,000. */
  limitUsageCount?: number | null;
  /** Kind of key the signatures are made with. Default `RSA-2048`, as the real service; `EC-P256` is faster. */
  keyAlgorithm?: 'RSA-2048' | 'EC-P256';
  /**
   * From where `y` of a COORDINATE runs: `top` of the page to the top of the area, as observed in a document signed by
   * staging, or `bottom` of the page to the bottom of the area, as the vendor's text can be read. Default `top`.
   */
  coordinateOrigin?: 'top' | 'bottom';
  /**
   * How a call with an expired or unknown token is refused: `401` with Spring's `invalid_token`, or `409` with errorCode
   * 0.0.10. Both are documented. Default `401`.
   */
  refusedToken?: '401' | '409';
  /**
   * How a look-up answers for an unknown reference, which no source documents: `404`, `204`, `null`, an `empty` 200, or
   * `error-500` with an error body whose message is "not found". Default `404`.
   */
  lookupNotFound?: '404' | '204' | 'null' | 'empty' | 'error-500';
  /** Spelling of dates: see {@link DateMode}. Default `mixed`. */
  dates?: DateMode;
  /** Fields of a request that the schema does not know. Default `refuse`, to catch misspelt ones. */
  unknownFields?: 'refuse' | 'ignore';
  /** Largest accepted request body; above it, the answer is 413. Default 1 GiB. */
  maxBodyBytes?: number;
  /** How `Authorization: Basic` is read: as sent, or form-decoded first (RFC 6749 §2.3.1). Default `raw`. */
  basicDecoding?: 'raw' | 'rfc6749';
  /** Id of the first operation, decimal digits; an int64, so it may lie beyond what a JavaScript number holds. */
  firstOperationId?: string;
  /** Signed content kept in memory at most; the oldest goes first. Default 2 GiB. */
  maxStoredBytes?: number;
  /** Token that calls to the admin API must carry. Default: a new random one for every start. */
  adminToken?: string;
  /** Called once each request is answered, for a log. */
  onRequest?: (entry: RequestLogEntry) => void;
}

export type ResolvedOptions = Required<SandboxOptions>;

/** The credentials of a sandbox started from the command line, so that they can be pasted from its documentation. */
export const documentedCredentials = {
  clientId: 'PRT.999999990-PRT.999999990-00000000-0000-4000-8000-00000000cafe',
  clientSecret: 'fake+sandbox/secret%2Bnot:real=&',
} as const;

const gibibyte = 1024 ** 3;

export function resolveOptions(options: SandboxOptions): ResolvedOptions {
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    stateDirectory: options.stateDirectory ?? defaultStateDirectory(),
    clientId: options.clientId ?? `PRT.999999990-PRT.999999990-${randomUUID()}`,
    clientSecret: options.clientSecret ?? `fake+sandbox/${randomBytes(16).toString('hex')}%2Bnot:real=&`,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 86_399,
    duplicateReferences: options.duplicateReferences ?? 'refuse',
    limitUsageCount: options.limitUsageCount === undefined ? 1_000_000 : options.limitUsageCount,
    keyAlgorithm: options.keyAlgorithm ?? 'RSA-2048',
    coordinateOrigin: options.coordinateOrigin ?? 'top',
    refusedToken: options.refusedToken ?? '401',
    lookupNotFound: options.lookupNotFound ?? '404',
    dates: options.dates ?? 'mixed',
    unknownFields: options.unknownFields ?? 'refuse',
    maxBodyBytes: options.maxBodyBytes ?? gibibyte,
    basicDecoding: options.basicDecoding ?? 'raw',
    firstOperationId: options.firstOperationId ?? '1000001',
    adminToken: options.adminToken ?? randomBytes(24).toString('hex'),
    onRequest: options.onRequest ?? (() => {}),
    maxStoredBytes: options.maxStoredBytes ?? 2 * gibibyte,
  };
}

function defaultStateDirectory(): string {
  const stateHome = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(stateHome, 'signstash-sandbox');
}
