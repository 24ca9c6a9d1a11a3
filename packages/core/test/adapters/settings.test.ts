import { describe, expect, it } from 'vitest';
import { parseSignOptions, resolveSettings, SettingsError, type SettingValues } from '../../src/adapter.ts';
import { createSignStash } from '../../src/index.ts';

const credentials = { clientId: 'id', clientSecret: 'secret' };
const dashed = (setting: string) => setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function problemsOf(run: () => unknown): SettingsError {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('There was no SettingsError.');
}

describe('resolveSettings', () => {
  it.each<[SettingValues, unknown]>([
    [{ environment: 'staging' }, 'staging'],
    [{ environment: 'Production' }, 'production'],
    [
      { tokenUrl: 'https://t', apiUrl: 'https://a' },
      { tokenUrl: 'https://t', apiUrl: 'https://a' },
    ],
    [
      { environment: 'custom', tokenUrl: 'https://t', apiUrl: 'https://a', proxyUrl: 'https://p' },
      { proxyUrl: 'https://p', authorizationServer: { tokenUrl: 'https://t', apiUrl: 'https://a' } },
    ],
    [
      { environment: 'on-premise', proxyUrl: 'https://p', authorizationServer: 'staging' },
      { proxyUrl: 'https://p', authorizationServer: 'staging' },
    ],
    [
      { environment: 'on-premise', proxyUrl: 'https://p', tokenUrl: 'https://t' },
      { proxyUrl: 'https://p', authorizationServer: { tokenUrl: 'https://t' } },
    ],
    [
      { environment: 'production', proxyUrl: 'https://p' },
      { proxyUrl: 'https://p', authorizationServer: 'production' },
    ],
  ])('resolves %j to an environment that the client accepts', (values, environment) => {
    const settings = resolveSettings({ ...credentials, ...values });
    expect(settings).toEqual({ ...credentials, environment });
    expect(() => createSignStash(settings)).not.toThrow();
  });

  it('reads the transport settings and ignores empty values', () => {
    const values = { environment: 'staging', timeout: '90s', retries: '2', format: 'multipart', scope: ' ' } as const;
    expect(resolveSettings({ ...credentials, ...values, allowInsecureHttp: false })).toEqual({
      ...credentials,
      environment: 'staging',
      allowInsecureHttp: false,
      timeouts: { signMs: 90_000, lookupTimeoutMs: 60_000, tokenMs: 30_000 },
      retry: { attempts: 3, maxLookupAttempts: 4 },
      format: 'multipart',
    });
  });

  it('reports all wrong settings together by the names that the user typed', () => {
    const values = {
      tokenUrl: 'ftp://t',
      apiUrl: 'http://far.example',
      credentialsEncoding: 'x',
      retries: '-1',
      clientId: '',
    };
    const error = problemsOf(() => resolveSettings(values, { nameOf: (setting) => `--${dashed(setting)}` }));
    expect(error.message.split('\n')).toEqual([
      '--token-url is not an http(s) URL.',
      '--api-url is plain http (far.example): tokens and documents would travel unencrypted.',
      '--client-id is not set.',
      '--client-secret is not set.',
      'Invalid --credentials-encoding "x": expected raw or rfc6749.',
      'Invalid --retries "-1": expected a whole number from 0 to 20.',
    ]);
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', setting: '--token-url' });
    expect(error.problems.map(({ key }) => key)).toContain('apiUrl');
  });

  it('reports only the first wrong setting on platforms that show one', () => {
    const error = problemsOf(() => resolveSettings({}, { report: 'first' }));
    expect(error.message).toBe('environment is not set.');
    expect(error.problems).toHaveLength(1);
  });

  it.each<[SettingValues, string]>([
    [{ environment: 'prod' }, 'Invalid environment "prod": expected staging, production, on-premise or custom.'],
    [
      { environment: 'staging', tokenUrl: 'https://t' },
      'environment (staging) and tokenUrl are both set: use one of them.',
    ],
    [
      { environment: 'on-premise', proxyUrl: 'https://p', authorizationServer: 'staging', tokenUrl: 'https://t' },
      'authorizationServer (staging) and tokenUrl are both set: use one of them.',
    ],
    [{ environment: 'on-premise', authorizationServer: 'staging' }, 'proxyUrl is not set.'],
    [{ environment: 'custom', tokenUrl: 'https://t' }, 'apiUrl is not set.'],
    [
      { proxyUrl: 'https://p' },
      'tokenUrl is not set: the proxy issues no tokens, so name the service that does by environment, authorizationServer or tokenUrl.',
    ],
    [
      { environment: 'staging', timeout: '2 weeks' },
      'Invalid timeout "2 weeks": expected a duration such as 90s or 5m, up to 24h.',
    ],
    [{ proxyUrl: 'nonsense', environment: 'staging' }, 'proxyUrl is not an http(s) URL.'],
  ])('refuses %j', (values, message) => {
    expect(problemsOf(() => resolveSettings({ ...credentials, ...values })).message).toBe(message);
  });

  it('refuses unknown settings instead of using a default silently', () => {
    const values = { ...credentials, environment: 'staging', clientSecrt: 'x' } as SettingValues;
    expect(problemsOf(() => resolveSettings(values)).message).toMatch(
      /^Unknown setting clientSecrt: expected one of environment, /,
    );
  });

  it('needs no secret for a dry run', () => {
    const settings = resolveSettings({ environment: 'staging', clientId: 'id' }, { optional: ['clientSecret'] });
    expect(settings.clientSecret).toBe('');
  });
});

describe('parseSignOptions', () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1);

  it('turns flat values into options of every kind', () => {
    const parsed = parseSignOptions({
      type: 'pades',
      reason: 'Invoice',
      location: 'Lisboa',
      timestamp: 'true',
      visiblePosition: 'page=2, x=70,y=100.5',
      visibleText: 'Service',
      visibleSize: '155x50',
      visibleBackground: '#ffffff',
      visibleFontSize: 8,
      visibleImage: png,
      preserveContent: true,
      deliveryEmails: 'a@example.pt, b@example.pt\n# c@example.pt',
      deliveryAttach: 'true',
    });
    expect(parsed).toEqual({
      type: 'PAdES',
      reason: 'Invoice',
      location: 'Lisboa',
      timestamp: true,
      visible: {
        template: { service: true },
        at: { page: 2, x: 70, y: 100.5 },
        area: { width: 155, height: 50 },
        background: '#ffffff',
        font: { size: 8 },
        image: { type: 'png', bytes: png },
      },
      preservation: {
        preserveContent: true,
        delivery: { receivers: ['a@example.pt', 'b@example.pt'], attachDocuments: true },
      },
    });
    const xml = { xmlParentElement: 'Invoice', xmlTransform: 'ENVELOPED', xmlCanonicalization: 'exclusive' };
    expect(parseSignOptions({ type: 'XAdES', ...xml })).toEqual({
      type: 'XAdES',
      xml: { parentElement: 'Invoice', transform: 'ENVELOPED', canonicalization: 'EXCLUSIVE' },
    });
    expect(parseSignOptions({ type: '', reason: undefined, visibleText: ' ' })).toEqual({});
  });

  const visible = { visiblePosition: 'page=1,x=0,y=0', visibleText: 'a' };
  it.each([
    [{ type: 'PDF' }, 'Invalid type "PDF": expected PAdES, XAdES or CAdES.'],
    [{ type: 'CAdES', location: 'Porto' }, 'location applies to PAdES only, but type is CAdES.'],
    [{ type: 'PAdES', xmlTransform: 'XPATH' }, 'xml-transform applies to XAdES only, but type is PAdES.'],
    [
      { location: 'Porto', xmlTransform: 'XPATH' },
      'xml-transform applies to XAdES only, but location to PAdES only: remove one of them.',
    ],
    [
      { visibleText: 'a' },
      'visible-text needs a position of the visible seal: set visible-position, visible-field or visible-placeholder.',
    ],
    [
      { visibleImage: png },
      'visible-image needs a position of the visible seal: set visible-position, visible-field or visible-placeholder.',
    ],
    [
      { ...visible, visibleField: 'f' },
      'visible-position and visible-field are both set: a visible seal has one position.',
    ],
    [{ visibleField: 'f' }, "visible-text is not set: give a text, or service for the service's own."],
    [{ ...visible, visiblePosition: 'top left' }, 'Invalid visible-position "top left": expected page=1,x=70,y=100.'],
    [
      { ...visible, visiblePosition: 'page=1,x=-5,y=1' },
      'Invalid visible-position "page=1,x=-5,y=1": expected page=1,x=70,y=100.',
    ],
    [
      { ...visible, visibleSize: '155x0' },
      'Invalid visible-size "155x0": expected width and height in points, such as 155x50.',
    ],
    [{ ...visible, visibleBackground: 'red' }, 'Invalid visible-background "red": expected #RRGGBB or transparent.'],
    [{ ...visible, visibleFontSize: '0' }, 'Invalid visible-font-size "0": expected a number above 0.'],
    [{ ...visible, visibleImage: Uint8Array.of(1, 2) }, 'Invalid visible-image: expected a PNG or JPEG image.'],
    [{ deliveryAttach: 'true' }, 'delivery-attach needs delivery-emails.'],
    [{ timestamp: 'yes' }, 'Invalid timestamp "yes": expected true or false.'],
  ])('refuses %j', (values, message) => {
    expect(problemsOf(() => parseSignOptions(values, { nameOf: dashed })).message).toBe(message);
  });

  it('names the wrong e-mail address', () => {
    expect(problemsOf(() => parseSignOptions({ deliveryEmails: 'a@example.pt,invalid' })).message).toMatch(
      /^Invalid deliveryEmails: .*invalid/,
    );
  });

  it('refuses unknown options', () => {
    expect(problemsOf(() => parseSignOptions({ raeson: 'x' } as never)).message).toMatch(
      /^Unknown setting raeson: expected one of type, /,
    );
  });
});
