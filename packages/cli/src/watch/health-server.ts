import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '@signstash-connect/core';
import { Counter, Gauge, Registry } from 'prom-client';
import type { WatchStatus } from './options.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HealthServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Default: all addresses, since probes come from outside the container. */
  readonly host?: string | undefined;
  readonly status: () => WatchStatus;
}

/**
 * Serves `/live` (the process answers), `/ready` (files are being signed; 503 while paused, stopped, starting or closing) and `/metrics`
 * for Prometheus. No name of a file and no setting is shown.
 *
 * @throws `ConfigurationError` if the port cannot be used.
 */
export async function startHealthServer({ port, host, status }: HealthServerOptions): Promise<HealthServer> {
  const metrics = createMetrics(status);
  const server = createServer((request, response) => {
    answer(request, response, status, metrics).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The port ${port} cannot be used for health checks: ${cause.message}.`;
      reject(new ConfigurationError('CONFIGURATION_INVALID', 'healthPort', message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { url = '/', method }: IncomingMessage,
  response: ServerResponse,
  status: () => WatchStatus,
  metrics: Registry,
): Promise<void> {
  const send = (code: number, body: string, type = 'application/json') => {
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : body);
  };
  if (method !== 'GET' && method !== 'HEAD') return send(405, '{"error":"use GET"}');
  switch (url.split('?')[0]) {
    case '/live':
      return send(200, '{"status":"live"}');
    case '/ready': {
      const { state, queued, inProgress, held, lastError, nextAttemptAt } = status();
      const isReady = state === 'running';
      const reason = isReady || !lastError ? {} : { code: lastError.problem.code, title: lastError.problem.title };
      return send(isReady ? 200 : 503, JSON.stringify({ state, queued, inProgress, held, ...reason, nextAttemptAt }));
    }
    case '/metrics':
      return send(200, await metrics.metrics(), metrics.contentType);
    default:
      return send(404, '{"error":"expected /live, /ready or /metrics"}');
  }
}

/** Every metric is read from the status at each scrape. */
function createMetrics(status: () => WatchStatus): Registry {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: (status: WatchStatus) => number | undefined) => {
    new Gauge({
      name: `signstash_watch_${name}`,
      help,
      registers,
      collect() {
        const value = read(status());
        if (value === undefined) this.reset();
        else this.set(value);
      },
    });
  };
  const counter = (name: string, help: string, read: (status: WatchStatus) => number) => {
    new Counter({
      name: `signstash_watch_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(status()));
      },
    });
  };
  gauge('queued_files', 'Files in the input folder that are not signed yet.', ({ queued }) => queued);
  gauge('files_in_progress', 'Files that are being signed.', ({ inProgress }) => inProgress);
  gauge('held_files', 'Files that wait because their profile is wrong.', ({ held }) => held);
  gauge('up', '1 while files are being signed, 0 while paused, stopped, starting or closing.', ({ state }) =>
    Number(state === 'running'),
  );
  counter('signed_files_total', 'Files signed since the start.', ({ signed }) => signed);
  counter('failed_files_total', 'Files moved to the failed folder since the start.', ({ failed }) => failed);
  counter('retries_total', 'Attempts to sign a file again since the start.', ({ retries }) => retries);
  gauge('last_error_timestamp_seconds', 'Time of the last error, in seconds since 1970.', ({ lastError }) =>
    lastError === undefined ? undefined : lastError.at.getTime() / 1000,
  );
  gauge(
    'quota_used',
    'Signatures used in the contract period, as the service counted last.',
    ({ quota }) => quota?.used,
  );
  gauge('quota_limit', 'Signatures that the contract includes.', ({ quota }) => quota?.limit);
  return registry;
}
