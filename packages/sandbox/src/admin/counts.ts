import { type EndpointName, endpointNames } from '../endpoints.ts';

/** What has happened since the start or the last reset. */
export interface SandboxCounts {
  tokensIssued: number;
  tokenRequests: number;
  /** Requests received, by endpoint, whatever their outcome. */
  requests: Record<Exclude<EndpointName, 'token'>, number>;
  /** Every signature counts, and would be charged. */
  documentsSigned: number;
  /** Above 1: a document was charged more than once. */
  signedByReference: Record<string, number>;
  /** Receivers to which a delivery e-mail would have been resent. */
  mailsResent: number;
}

export class Counts {
  tokensIssued = 0;
  mailsResent = 0;
  readonly #requests = new Map<EndpointName, number>();
  readonly #signed = new Map<string, number>();

  requested(endpoint: EndpointName): void {
    this.#requests.set(endpoint, (this.#requests.get(endpoint) ?? 0) + 1);
  }

  signed(reference: string): void {
    this.#signed.set(reference, (this.#signed.get(reference) ?? 0) + 1);
  }

  snapshot(): SandboxCounts {
    const { token, ...requests } = Object.fromEntries(
      endpointNames.map((name) => [name, this.#requests.get(name) ?? 0]),
    ) as Record<EndpointName, number>;
    return {
      tokensIssued: this.tokensIssued,
      tokenRequests: token,
      requests,
      documentsSigned: [...this.#signed.values()].reduce((sum, count) => sum + count, 0),
      signedByReference: Object.fromEntries(this.#signed),
      mailsResent: this.mailsResent,
    };
  }

  reset(): void {
    this.tokensIssued = 0;
    this.mailsResent = 0;
    this.#requests.clear();
    this.#signed.clear();
  }
}
