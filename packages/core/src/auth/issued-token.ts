import { redact, removeSecrets } from '../errors/redact.ts';
import type { StoredToken } from './token-store.ts';

/** Before this much of its life is left, a token is renewed in the background while it still serves. */
const refreshWindowMs = 60_000;
/** With this much left, a token is no longer used: it could expire before the request arrives. */
const hardWindowMs = 5_000;

/** Header values are visible ASCII; anything else would make `fetch` throw an error that quotes the token. */
const sendable = /^[\x21-\x7e]+$/;

/** A bearer token. Its value is private, so that no log, inspection or JSON of any object around it can show it. */
export class IssuedToken {
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** From this time on, it should be renewed in the background. */
  readonly refreshAt: number;
  /** From this time on, it must not be used. */
  readonly unusableAt: number;
  readonly #accessToken: string;

  constructor({ accessToken, issuedAt, expiresAt }: Omit<StoredToken, 'tokenType'>) {
    this.#accessToken = accessToken;
    this.issuedAt = issuedAt;
    this.expiresAt = expiresAt;
    const life = Math.max(0, expiresAt - issuedAt);
    // Fractions, so that even a token with a lifetime of a few seconds can be used.
    this.unusableAt = expiresAt - Math.min(hardWindowMs, life / 2);
    this.refreshAt = Math.min(this.unusableAt, expiresAt - Math.min(refreshWindowMs, life / 10));
  }

  /** A token from a store whose content is not trusted: undefined if it is not a usable bearer token. */
  static fromStore(value: unknown): IssuedToken | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { accessToken, tokenType, issuedAt, expiresAt } = value as Partial<Record<keyof StoredToken, unknown>>;
    if (typeof accessToken !== 'string' || !sendable.test(accessToken)) return undefined;
    if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer') return undefined;
    if (!Number.isFinite(issuedAt) || !Number.isFinite(expiresAt)) return undefined;
    return new IssuedToken({ accessToken, issuedAt: issuedAt as number, expiresAt: expiresAt as number });
  }

  /** Whether a text may be a token at all. */
  static isSendable(accessToken: string): boolean {
    return sendable.test(accessToken);
  }

  /** The value of the `Authorization` header. */
  authorization(): string {
    return `Bearer ${this.#accessToken}`;
  }

  /** For a token store; holds the secret. */
  toStored(): StoredToken {
    const { issuedAt, expiresAt } = this;
    return { accessToken: this.#accessToken, tokenType: 'bearer', issuedAt, expiresAt };
  }

  /** Takes this token out of a text: Spring's servers quote a refused token in their error. */
  hideIn(text: string): string {
    return redact(text, [this.#accessToken]);
  }

  /** Removes this token from an answer of any length. */
  removeFrom(text: string): string {
    return removeSecrets(text, [this.#accessToken]);
  }

  /** Whether both hold the same secret. */
  equals(other: IssuedToken): boolean {
    return this.#accessToken === other.#accessToken;
  }
}
