import { MemoryTokenStore, type StoredToken } from '@signstash-connect/core';

/** Every form in which a secret could be printed, to be masked before anything else is. */
export function secretForms(clientId: string, clientSecret: string): string[] {
  const form = (text: string) => new URLSearchParams({ v: text }).toString().slice(2);
  const basic = (id: string, secret: string) => Buffer.from(`${id}:${secret}`).toString('base64');
  const forms = [
    clientSecret,
    form(clientSecret),
    encodeURIComponent(clientSecret),
    basic(clientId, clientSecret),
    basic(form(clientId), form(clientSecret)),
  ];
  return [...new Set(forms)].filter((text) => text !== '');
}

/** Has each token masked as soon as there is one. */
export class MaskingTokenStore extends MemoryTokenStore {
  readonly #mask: (secret: string) => void;

  constructor(mask: (secret: string) => void) {
    super();
    this.#mask = mask;
  }

  override set(key: string, value: StoredToken, ttlMs: number): void {
    this.#mask(value.accessToken);
    super.set(key, value, ttlMs);
  }
}
