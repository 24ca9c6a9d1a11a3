// Runs the sandbox in its own process, as the service of the watchers. Started again on the same port after it was killed, it would have
// forgotten what it signed; so an outage is a gateway in front of it that refuses connections.
import { connect, createServer, type Socket } from 'node:net';
import { startSandbox } from '@signstash-connect/sandbox';

const [, , stateDirectory = ''] = process.argv;
const sandbox = await startSandbox({ stateDirectory, duplicateReferences: 'sign-again', keyAlgorithm: 'EC-P256' });
const target = Number(new URL(sandbox.url).port);
const connections = new Set<Socket>();

const gateway = createServer((client) => {
  const service = connect(target, '127.0.0.1');
  for (const [one, other] of [
    [client, service],
    [service, client],
  ] as const) {
    connections.add(one);
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      connections.delete(one);
      other.destroy();
    });
  }
});
const listen = (port: number) =>
  new Promise<void>((resolve) => {
    gateway.listen(port, '127.0.0.1', resolve);
  });
await listen(0);
const { port } = gateway.address() as { port: number };
const atGateway = (url: string) => url.replace(`:${target}`, `:${port}`);

process.on('message', async (message: 'counts' | 'down' | 'up') => {
  if (message === 'down') {
    gateway.close();
    for (const connection of connections) connection.destroy();
  } else if (message === 'up') await listen(port);
  process.send?.({ type: message, counts: message === 'counts' ? sandbox.admin.counts() : undefined });
});
process.send?.({
  type: 'started',
  tokenUrl: atGateway(sandbox.tokenUrl),
  apiUrl: atGateway(sandbox.apiUrl),
  clientId: sandbox.clientId,
  clientSecret: sandbox.clientSecret,
});
// The test was ended.
process.once('disconnect', () => process.exit());
