import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSignStash } from '@signstash-connect/core';
import { startSandbox } from '@signstash-connect/sandbox';
import { accessTo } from '@signstash-connect/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Health, healthcheck, problemDetails, signstash } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice } from './support/pdfs.ts';
import { useSandbox } from './support/sandbox.ts';

const setup = useSandbox();
const lookups = () => setup.sandbox.admin.counts().requests.operationId;

describe.each(majors)('healthcheck on %s', (_major, express) => {
  const health = async (url: string) => {
    const answer = await fetch(url);
    return [answer.status, (await answer.json()) as Health] as const;
  };

  it('reports "up" if the service answers, and checks it once for concurrent requests', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/', healthcheck());
    const url = await listen(app);
    const answers = await Promise.all(Array.from({ length: 20 }, () => health(url)));
    for (const answer of answers) {
      expect(answer).toEqual([200, { status: 'up', checkedAt: expect.any(String), tookMs: expect.any(Number) }]);
    }
    expect(lookups()).toBe(1);
    expect(setup.sandbox.admin.counts().documentsSigned).toBe(0);
  });

  it('checks again when its result is old', async () => {
    const app = express();
    app.get('/', healthcheck({ client: setup.client(), cacheMs: 0 }));
    const url = await listen(app);
    await health(url);
    await health(url);
    expect(lookups()).toBe(2);
  });

  it('reports "down" with only a code if the credentials are wrong', async () => {
    const app = express();
    app.get('/', healthcheck({ client: setup.client({ clientSecret: 'wrong-and-fake' }) }));
    const [status, finding] = await health(await listen(app));
    expect(status).toBe(503);
    expect(finding).toEqual({
      status: 'down',
      checkedAt: expect.any(String),
      tookMs: expect.any(Number),
      code: 'CREDENTIALS_REFUSED',
    });
  });

  it('does not wait longer than timeoutMs', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', delayMs: 20_000, times: 10 });
    const app = express();
    app.get('/', healthcheck({ client: setup.client(), timeoutMs: 100 }));
    expect(await health(await listen(app))).toMatchObject([503, { status: 'down', code: 'TIMEOUT' }]);
  });

  it('throws for a wrong setting instead of reporting an outage', async () => {
    const { sandbox } = setup;
    const environment = { proxyUrl: sandbox.proxyUrl, authorizationServer: { tokenUrl: sandbox.tokenUrl } };
    const app = express();
    app.get('/', healthcheck({ client: setup.client({ environment }) }));
    app.use(problemDetails());
    expect(await health(await listen(app))).toMatchObject([500, { code: 'CONFIGURATION_MISSING' }]);
  });

  describe('through an on-premise proxy', () => {
    const accessVia = (proxyUrl: string) => {
      const { tokenUrl, apiUrl, clientId, clientSecret } = setup.sandbox;
      return { environment: { proxyUrl, authorizationServer: { tokenUrl, apiUrl } }, clientId, clientSecret };
    };

    it('reports "up" if the proxy answers, and "down" if only the service answers', async () => {
      const gone = await freeUrl();
      for (const [proxyUrl, status, code] of [
        [setup.sandbox.proxyUrl, 200, undefined],
        [gone, 503, 'NETWORK_UNREACHABLE'],
      ] as const) {
        const app = express();
        app.get('/made', healthcheck({ client: accessVia(proxyUrl) }));
        app.get('/given', healthcheck({ client: createSignStash(accessVia(proxyUrl)), proxyUrl }));
        app.use(signstash({ client: accessVia(proxyUrl) }));
        app.get('/shared', healthcheck());
        const url = await listen(app);
        for (const path of ['/made', '/given', '/shared']) {
          const [answered, finding] = await health(url + path);
          expect([path, answered, finding.code]).toEqual([path, status, code]);
        }
      }
    });
  });

  describe('when the quota is used up', () => {
    it('reports "down" after the service refused a document, and "up" once a document is signed', async () => {
      const app = express().use(signstash({ client: setup.client() }));
      app.get('/health', healthcheck({ cacheMs: 0 }));
      app.get('/invoice', (_req, res, next) => void res.signPdf(invoice).catch(next));
      app.use(problemDetails());
      const url = await listen(app);
      setup.sandbox.admin.addFault({ kind: 'quota' });
      expect((await fetch(`${url}/invoice`)).status).toBe(503);
      expect(await health(`${url}/health`)).toMatchObject([503, { status: 'down', code: 'QUOTA_EXCEEDED' }]);
      expect((await fetch(`${url}/invoice`)).status).toBe(200);
      expect(await health(`${url}/health`)).toMatchObject([200, { status: 'up' }]);
    });

    it('reports "down" if the last signed document used it up', async () => {
      const sandbox = await startSandbox({ limitUsageCount: 1 });
      onTestFinished(() => sandbox.close());
      const app = express().use(signstash({ client: accessTo(sandbox) }));
      app.get('/health', healthcheck({ cacheMs: 0 }));
      app.get('/invoice', (_req, res, next) => void res.signPdf(invoice).catch(next));
      const url = await listen(app);
      expect(await health(`${url}/health`)).toMatchObject([200, { status: 'up' }]);
      expect((await fetch(`${url}/invoice`)).status).toBe(200);
      expect(await health(`${url}/health`)).toMatchObject([503, { status: 'down', code: 'QUOTA_EXCEEDED' }]);
    });
  });
});

/** An address at which nothing listens. */
async function freeUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
