import { connect, type Socket } from 'node:net';

/** Opens a socket and writes to it by hand, for callers that disconnect or send malformed requests. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** A request as text and its whole answer as text. */
export async function exchange(url: string, request: string): Promise<string> {
  const socket = await openSocket(url);
  socket.write(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
