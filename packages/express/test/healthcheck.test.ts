import { describe, expect, it } from 'vitest';
import { type Health, healthcheck, problemDetails, signstash } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { useSandbox } from './support/sandbox.ts';

const setup = useSandbox();
const lookups = () => setup.sandbox.admin.counts().requests.operationId;

describe.each(majors)('healthcheck on %s', (_major, express) => {
  const health = async (url: string) => {
    const answer = await fetch(url);
    return [answer.status, (await answer.json()) as Health] as const;
  };

  it('is up where the service answers, asking once however many want to know', async () => {
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

  it('asks anew when its finding is old', async () => {
    const app = express();
    app.get('/', healthcheck({ client: setup.client(), cacheMs: 0 }));
    const url = await listen(app);
    await health(url);
    await health(url);
    expect(lookups()).toBe(2);
  });

  it('is down where the credentials are wrong, and says no more than a code', async () => {
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

  it('does not wait longer than it is told', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', delayMs: 20_000, times: 10 });
    const app = express();
    app.get('/', healthcheck({ client: setup.client(), timeoutMs: 100 }));
    expect(await health(await listen(app))).toMatchObject([503, { status: 'down', code: 'TIMEOUT' }]);
  });

  it('takes a wrong setting for a mistake, not for an outage', async () => {
    const { sandbox } = setup;
    const environment = { proxyUrl: sandbox.proxyUrl, authorizationServer: { tokenUrl: sandbox.tokenUrl } };
    const app = express();
    app.get('/', healthcheck({ client: setup.client({ environment }) }));
    app.use(problemDetails());
    expect(await health(await listen(app))).toMatchObject([500, { code: 'CONFIGURATION_MISSING' }]);
  });
});
