import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server on a free port of this machine, closed with the test that started it. */
export async function serve(listener: RequestListener): Promise<string> {
  return `http://${await listen(createServer(listener))}`;
}

/** The same without HTTP: for answers no HTTP server would give. */
export async function serveRaw(onSocket: (socket: Socket) => void): Promise<string> {
  return `http://${await listen(createRawServer({ allowHalfOpen: true }, onSocket))}`;
}

/** Starts any server; returns host and port. */
export async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address that no server listens on. */
export async function deadUrl(): Promise<string> {
  const server = createRawServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

/** A documented token answer. */
export const tokenBody = (accessToken: string, expiresIn: number | undefined = 86_399) => ({
  access_token: accessToken,
  token_type: 'bearer',
  ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
  scope: 'read write',
  jti: '0f1e',
});

/** The refusals of Spring's authorization server, as the API reference has them. */
export const badCredentials = { error: 'unauthorized', error_description: 'Bad credentials' };
export const invalidToken = { error: 'invalid_token', error_description: 'Cannot convert access token to JSON' };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTP server that reads every request to its end, remembers it, and answers by number, counted from 1. */
export async function recorder(
  reply: (response: ServerResponse, seen: Seen, number: number) => void | Promise<void>,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const url = await serve(async (request, response) => {
    try {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: await readAll(request) };
      seen.push(one);
      await reply(response, one, seen.length);
    } catch {
      // The client disconnected; the test checks what it received.
    }
  });
  return { url, seen };
}
