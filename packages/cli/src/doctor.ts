import { lookup } from 'node:dns/promises';
import { connect } from 'node:tls';
import { type ConnectionStep, checkConnection, describeError } from '@signstash-connect/core/adapter';
import { httpProbe } from '@signstash-connect/core/adapter/node';
import { type OpenClient, openClient } from './client.ts';
import { compareContract } from './contract.ts';
import { type ExitCode, exitCodeOf, exitCodes, UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { oneLine } from './output.ts';
import type { CommandContext } from './run.ts';

export interface DoctorFlags {
  reference?: string;
  contract?: string;
}

type Step = Omit<ConnectionStep, 'step'> & { step: string };

/** Milliseconds for one connection. */
const timeoutMs = 10_000;

/** Checks step by step whether documents could be signed now, and prints each step as soon as it is known. */
export async function doctor(context: CommandContext<DoctorFlags>): Promise<ExitCode> {
  const { flags, io, settings } = context;
  const print = (step: Step) => printStep(context, step);
  if (flags.contract !== undefined && !(/^https?:/i.test(flags.contract) && URL.canParse(flags.contract)))
    throw new UsageError(
      `Invalid --contract "${flags.contract}": expected an address that starts with http:// or https://.`,
    );
  const service = await openClient(context).catch((error: unknown) => describeError(error, settings.describe));
  if (!('client' in service)) {
    const { code, detail, hint } = service;
    print({ step: 'settings', status: 'failed', detail: detail.replaceAll('\n', ' '), hint, code });
    return exitCodeOf(code);
  }
  try {
    const { client, clientId, apiUrl, proxyUrl } = service;
    const steps: Step[] = [
      { step: 'settings', status: 'ok', detail: `Client ${clientId}, ${apiUrl ?? proxyUrl}; the secret is set.` },
    ];
    print(steps[0] as Step);
    for (const step of await checkHosts(service, usesHttpProxy(io.env))) {
      steps.push(step);
      print(step);
    }
    const { steps: rest } = await checkConnection(client, {
      ...settings.describe,
      probe: httpProbe,
      signal: io.signal,
      ...(apiUrl === undefined ? {} : { apiUrl }),
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
      ...(flags.reference === undefined ? {} : { recentReference: flags.reference }),
    });
    for (const step of rest) print(step);
    if (flags.contract !== undefined) {
      const step = await checkContract(context, flags.contract);
      steps.push(step);
      print(step);
    }
    const failed = [...steps, ...rest].find(({ status }) => status === 'failed');
    context.output.object({ type: 'summary', ok: failed === undefined, failedStep: failed?.step });
    context.output.line(failed ? `Failed at: ${failed.step}.` : 'Ready to sign.');
    return failed ? exitCodeOf(failed.code ?? '') : exitCodes.ok;
  } finally {
    await service.close();
  }
}

function printStep({ output }: CommandContext, step: Step): void {
  output.object({ type: 'step', ...step });
  const mark = { ok: 'ok     ', failed: 'failed ', unknown: 'unknown' }[step.status];
  const color = ({ ok: 'green', failed: 'red', unknown: 'yellow' } as const)[step.status];
  output.line(`${output.style(color, mark)} ${step.step}: ${oneLine(`${step.detail} ${step.hint ?? ''}`).trim()}`);
}

const usesHttpProxy = (env: CliIo['env']) =>
  env.NODE_USE_ENV_PROXY === '1' &&
  ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => env[name]);

/** Name and certificate of every host, each once. */
async function checkHosts({ tokenUrl, apiUrl, proxyUrl }: OpenClient, viaHttpProxy: boolean): Promise<Step[]> {
  if (viaHttpProxy) {
    const detail = 'Not checked: requests go through an HTTP proxy, which resolves the names.';
    return [{ step: 'dns', status: 'unknown', detail }];
  }
  const urls = [tokenUrl, apiUrl, proxyUrl].flatMap((url) => (url === undefined ? [] : [new URL(url)]));
  const hosts = [...new Map(urls.map((url) => [url.host, url])).values()];
  const steps = await Promise.all(
    hosts.map(async (url) => {
      const dns = await checkName(url.hostname.replace(/^\[|\]$/g, ''));
      return dns.status === 'ok' ? [dns, await checkCertificate(url)] : [dns];
    }),
  );
  return steps.flat();
}

async function checkName(host: string): Promise<Step> {
  try {
    const { address } = await lookup(host);
    return { step: 'dns', status: 'ok', detail: `${host} is ${address}.` };
  } catch (error) {
    const hint = 'Check the address in the settings, and the DNS server of this machine.';
    const detail = `${host} cannot be resolved (${(error as NodeJS.ErrnoException).code}).`;
    return { step: 'dns', status: 'failed', detail, hint, code: 'NETWORK_UNREACHABLE' };
  }
}

function checkCertificate({ protocol, hostname, port, host }: URL): Promise<Step> {
  if (protocol === 'http:') {
    const detail = `${host} uses plain http: there is no certificate to check.`;
    return Promise.resolve({ step: 'tls', status: 'unknown', detail });
  }
  return new Promise((resolve) => {
    const fail = (reason: string) => {
      socket.destroy();
      const hint = 'A certificate of your own network must be trusted by Node: set NODE_EXTRA_CA_CERTS to its file.';
      resolve({ step: 'tls', status: 'failed', detail: `${host}: ${reason}.`, hint, code: 'NETWORK_UNREACHABLE' });
    };
    const servername = /^[\d.:[\]]+$/.test(hostname) ? {} : { servername: hostname };
    const socket = connect({ host: hostname, port: Number(port || 443), timeout: timeoutMs, ...servername }, () => {
      const { issuer, valid_to: end } = socket.getPeerCertificate();
      socket.destroy();
      const detail = `${host}: ${socket.getProtocol() ?? 'TLS'}, certificate of ${issuer?.O ?? issuer?.CN} until ${end}.`;
      resolve({ step: 'tls', status: 'ok', detail });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('timeout', () => fail(`no answer within ${timeoutMs / 1000} s`));
  });
}

async function checkContract({ output, io }: CommandContext<DoctorFlags>, url: string): Promise<Step> {
  const failed = { step: 'contract', status: 'failed', code: 'PROTOCOL_UNEXPECTED' } as const;
  let differences: Awaited<ReturnType<typeof compareContract>>;
  try {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    differences = compareContract(await response.json());
  } catch (error) {
    io.signal.throwIfAborted();
    const detail = `The definition at ${url} cannot be read: ${reasonOf(error)}.`;
    return { ...failed, detail, hint: 'Give the address of the OpenAPI definition in JSON.' };
  }
  for (const { kind, where, detail } of differences) {
    output.result({ type: 'difference', kind, where, detail }, `        ${kind} ${oneLine(`${where}: ${detail}`)}`);
  }
  const breaking = differences.filter(({ kind }) => kind !== 'added').length;
  const detail = `${differences.length} differences, ${breaking} in what is used.`;
  if (breaking === 0) return { step: 'contract', status: 'ok', detail };
  return { ...failed, detail, hint: 'Update signstash, or report the differences.' };
}

/** `fetch` says what happened only in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
}
