import type { AddressInfo } from 'node:net';
import { createAdmin, type SandboxAdmin } from './admin/admin.ts';
import { servicePaths } from './endpoints.ts';
import { assertNodeVersion } from './node-version.ts';
import { resolveOptions, type SandboxOptions } from './options.ts';
import { buildServer } from './server.ts';
import type { Signer } from './signer.ts';
import { openSigner } from './signing/index.ts';
import { SandboxState } from './state.ts';

/** A running sandbox. */
export interface Sandbox {
  /** Its own address, without a slash at the end. */
  url: string;
  tokenUrl: string;
  /** Base of the Integration Service. */
  apiUrl: string;
  /** Base of the on-premise Proxy Client. */
  proxyUrl: string;
  clientId: string;
  clientSecret: string;
  /** Trust this certificate to see the sandbox's signatures as valid. */
  caCertificatePem: string;
  caCertificatePath: string;
  /** Token of the admin API, for {@link connectSandboxAdmin} and `Authorization: Bearer`. */
  adminToken: string;
  admin: SandboxAdmin;
  /** Stops it and cuts every open connection. */
  close(): Promise<void>;
}

/** Starts a local Sign'Stash. Its seals are real signatures, but NOT qualified: they have no legal value. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  assertNodeVersion(process.versions.node);
  const { stateDirectory, keyAlgorithm, coordinateOrigin } = resolveOptions(options);
  return startSandboxWith(await openSigner({ stateDirectory, keyAlgorithm, coordinateOrigin }), options);
}

/** As {@link startSandbox}, with the given signer. */
export async function startSandboxWith(signer: Signer, options: SandboxOptions = {}): Promise<Sandbox> {
  const resolved = resolveOptions(options);
  const state = new SandboxState(resolved, signer);
  const server = await buildServer(state);
  await server.listen({ host: resolved.host, port: resolved.port });
  const url = addressOf(server.server.address() as AddressInfo, resolved.host);
  state.url = url;
  return {
    url,
    tokenUrl: url + servicePaths.token,
    apiUrl: url + servicePaths.api,
    proxyUrl: url + servicePaths.proxy,
    clientId: resolved.clientId,
    clientSecret: resolved.clientSecret,
    caCertificatePem: signer.caCertificatePem,
    caCertificatePath: signer.caCertificatePath,
    adminToken: resolved.adminToken,
    admin: createAdmin(state),
    close: async () => {
      // First; otherwise, delayed requests would be answered now.
      server.server.closeAllConnections();
      state.close();
      await server.close();
    },
  };
}

function addressOf({ port }: AddressInfo, host: string): string {
  // A wildcard address is for listening, not for calling.
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
