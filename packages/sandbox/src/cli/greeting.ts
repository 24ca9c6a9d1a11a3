import type { Sandbox } from '../sandbox.ts';

/** What a person reads, with the lines to copy into a shell or an .env file. */
export function greeting(sandbox: Sandbox): string {
  const { url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath } = sandbox;
  return `A local Sign'Stash listens at ${url}

  ###########################################################################
  #  SANDBOX. Its seals are NOT qualified and have NO legal value.          #
  #  Never send a document sealed here to anybody as a sealed invoice.      #
  ###########################################################################

SIGNSTASH_TOKEN_URL='${tokenUrl}'
SIGNSTASH_API_URL='${apiUrl}'
SIGNSTASH_PROXY_URL='${proxyUrl}'
SIGNSTASH_CLIENT_ID='${clientId}'
SIGNSTASH_CLIENT_SECRET='${clientSecret}'

Certificate authority of its seals: ${caCertificatePath}
Stop with Ctrl+C.`;
}

/** One line of JSON, for the program that started the sandbox. */
export function machineReadable(sandbox: Sandbox): string {
  const { url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath } = sandbox;
  return JSON.stringify({ url, tokenUrl, apiUrl, proxyUrl, clientId, clientSecret, caCertificatePath });
}
