import { createSignStash, folderResultStore, type SignStash, type SignStashOptions } from '@signstash-connect/core';
import { canQuery } from '@signstash-connect/core/adapter';
import { resolveEnvironment } from '@signstash-connect/core/client';
import type { CommandContext } from './run.ts';

/** A client, and what commands need to know of its service. */
export interface OpenClient {
  readonly client: SignStash;
  readonly clientId: string;
  readonly apiUrl: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly tokenUrl: string;
  /** False through a proxy that does not support look-ups. */
  readonly canQuery: boolean;
  /** Ends the sandbox of `--sandbox`. */
  close(): Promise<void>;
}

/** @throws `ConfigurationError` naming the settings that are missing or wrong. */
export async function openClient(
  { settings, flags, output, io }: CommandContext,
  options: Partial<SignStashOptions> = {},
): Promise<OpenClient> {
  const sandbox = flags.sandbox ? await (await import('@signstash-connect/sandbox')).startSandbox() : undefined;
  const resolved = sandbox
    ? {
        environment: { tokenUrl: sandbox.tokenUrl, apiUrl: sandbox.apiUrl },
        clientId: sandbox.clientId,
        clientSecret: sandbox.clientSecret,
      }
    : await settings.connection();
  if (sandbox) output.warn('Sandbox: the seals are not qualified and have no legal value.');
  const resultFolder = settings.resultFolder();
  const client = createSignStash({
    ...resolved,
    ...(resultFolder === undefined ? {} : { resultStore: folderResultStore(resultFolder) }),
    userAgent: 'signstash-cli',
    hooks: { onWarning: ({ message }) => output.warn(message) },
    ...options,
    ...io.clientOptions,
  });
  const { allowInsecureHttp = false } = resolved as { allowInsecureHttp?: boolean };
  const endpoints = resolveEnvironment(resolved.environment, { allowInsecureHttp });
  return {
    client,
    clientId: resolved.clientId,
    tokenUrl: endpoints.tokenUrl,
    apiUrl: endpoints.queryUrl,
    proxyUrl: endpoints.viaProxy ? endpoints.signUrl : undefined,
    canQuery: canQuery(resolved.environment),
    close: async () => sandbox?.close(),
  };
}
