import { homedir } from 'node:os';
import { join } from 'node:path';

/** How the sandbox is set up. Everything has a default that suits a test. */
export interface SandboxOptions {
  /** Address to listen on. The admin API is served on a loopback address only. Default `127.0.0.1`. */
  host?: string;
  /** Port to listen on. Default `0`: any free one (the command line defaults to 8700). */
  port?: number;
  /** Where the sandbox's certificate authority is kept, so that it is the same one next time. */
  stateDirectory?: string;
  /** The client service alias. Default: a fixed, obviously fake one. */
  clientId?: string;
  /** Default: a fixed, obviously fake one, with characters that break careless encoding. */
  clientSecret?: string;
  /** Default `86399`, as the real service answers. */
  tokenLifetimeSeconds?: number;
  /**
   * What a repeated `externalReference` meets: `refuse` answers an error; `seal-again` seals and counts it once more, the
   * worst that the real service could do, to prove that a client never lets it come to that. Default `refuse`.
   */
  duplicateReferences?: 'refuse' | 'seal-again';
  /** Signatures the issuer has paid for. Default: so many that no test meets the end. */
  limitUsageCount?: number;
  /** Kind of key the seals are made with. Default `EC-P256`, many times faster than `RSA-2048`. */
  keyAlgorithm?: 'RSA-2048' | 'EC-P256';
  /** Largest request body taken; above it the answer is 413. Default 1 GiB. */
  maxBodyBytes?: number;
  /** How `Authorization: Basic` is read: as sent, or form-decoded first (RFC 6749 §2.3.1). Default `raw`. */
  basicDecoding?: 'raw' | 'rfc6749';
  /** Id of the first operation, decimal digits; an int64, so it may lie beyond what a JavaScript number holds. */
  firstOperationId?: string;
  /** Sealed content kept in memory at most; the oldest goes first. Default 2 GiB. */
  maxStoredBytes?: number;
}

export type ResolvedOptions = Required<SandboxOptions>;

const gibibyte = 1024 ** 3;

export function resolveOptions(options: SandboxOptions): ResolvedOptions {
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    stateDirectory: options.stateDirectory ?? defaultStateDirectory(),
    clientId: options.clientId ?? 'PRT.999999990-PRT.999999990-00000000-0000-4000-8000-00000000cafe',
    clientSecret: options.clientSecret ?? 'fake+sandbox/secret%2Bnot:real=&',
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 86_399,
    duplicateReferences: options.duplicateReferences ?? 'refuse',
    limitUsageCount: options.limitUsageCount ?? 1_000_000,
    keyAlgorithm: options.keyAlgorithm ?? 'EC-P256',
    maxBodyBytes: options.maxBodyBytes ?? gibibyte,
    basicDecoding: options.basicDecoding ?? 'raw',
    firstOperationId: options.firstOperationId ?? '1000001',
    maxStoredBytes: options.maxStoredBytes ?? 2 * gibibyte,
  };
}

function defaultStateDirectory(): string {
  const stateHome = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(stateHome, 'signstash-sandbox');
}
