import { MemoryTokenStore, type StoredToken } from '@signstash-connect/core/adapter/node';
import type { Runner } from './runner.ts';

/** Hides the client secret in every form in which a header, a URL or a message could contain it. */
export function maskSecret(runner: Runner, id = '', secretInput = ''): void {
  const [clientId, clientSecret] = [id.trim(), secretInput.trim()];
  if (clientSecret === '') return;
  const form = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  const basic = (id: string, secret: string) => Buffer.from(`${id}:${secret}`).toString('base64');
  const forms = [
    clientSecret,
    form(clientSecret),
    encodeURIComponent(clientSecret),
    basic(clientId, clientSecret),
    basic(form(clientId), form(clientSecret)),
  ];
  for (const text of new Set(forms)) runner.mask(text);
}

/** Masks each token before it is used. */
export class MaskingTokenStore extends MemoryTokenStore {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    super();
    this.#runner = runner;
  }

  override set(key: string, value: StoredToken, ttlMs: number): void {
    this.#runner.mask(value.accessToken);
    super.set(key, value, ttlMs);
  }
}
