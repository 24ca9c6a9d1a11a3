import { MemoryTokenStore, type StoredToken } from '@signstash-connect/core';
import type { Runner } from './runner.ts';

/** Hides a secret in every form in which a header, a URL or a message could show it. */
export function maskSecret(runner: Runner, clientId: string, clientSecret: string): void {
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

/** Has each token hidden before anybody can use it. */
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
