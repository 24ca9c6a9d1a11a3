import { quote } from '../curl-flow.ts';
import type { Sandbox } from '../sandbox.ts';

/** The text for people, with lines to paste into a POSIX shell or PowerShell. */
export function banner(sandbox: Sandbox): string {
  const { url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath, adminToken } = sandbox;
  const settings = [
    ['SIGNSTASH_TOKEN_URL', tokenUrl],
    ['SIGNSTASH_API_URL', apiUrl],
    ['SIGNSTASH_CLIENT_ID', clientId],
    ['SIGNSTASH_CLIENT_SECRET', clientSecret],
  ] as const;
  const posix = (name: string, value: string) => `export ${name}=${quote(value)}`;
  const powerShell = (name: string, value: string) => `$env:${name} = '${value.replaceAll("'", "''")}'`;
  return `A local Sign'Stash listens at ${url}

  ###########################################################################
  #  SANDBOX. Its seals are NOT qualified and have NO legal value.          #
  #  Never send a document signed here to anyone as a signed invoice.       #
  ###########################################################################

Paste into a shell (Linux, macOS):

${settings.map(([name, value]) => posix(name, value)).join('\n')}
# Only to sign through the on-premise proxy, which keeps no signed document:
# ${posix('SIGNSTASH_PROXY_URL', proxyUrl)}

Or into PowerShell (Windows):

${settings.map(([name, value]) => powerShell(name, value)).join('\n')}
# ${powerShell('SIGNSTASH_PROXY_URL', proxyUrl)}

Admin API: ${url}/admin, token ${adminToken}
Certificate authority of its seals: ${caCertificatePath}
The whole flow with curl: ${url} or "signstash-sandbox curl". Stop with Ctrl+C.`;
}

/** One line of JSON, for the program that started the sandbox. */
export function machineReadable(sandbox: Sandbox): string {
  const { url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath, adminToken } = sandbox;
  return JSON.stringify({ url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath, adminToken });
}

/** One line of the request log: never a body or a secret. */
export function requestLine({
  at,
  method,
  path,
  status,
  faults,
}: ReturnType<Sandbox['admin']['requests']>[number]): string {
  const injected = faults.length > 0 ? ` (${faults.join(', ')})` : '';
  return `${at.slice(11, 19)} ${method} ${path} ${status ?? 'cut'}${injected}`;
}
