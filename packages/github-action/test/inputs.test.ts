import { expect, test } from 'vitest';
import { runAction, temporaryFolder } from './harness/run-action.ts';
import { errorsOf } from './support/workspace.ts';

/** Nothing listens there: a run that sent something would report another problem. */
const inputs = {
  files: '*.pdf',
  'token-url': 'http://127.0.0.1:9/token',
  'api-url': 'http://127.0.0.1:9/api',
  'client-id': 'PRT.1-PRT.1-a',
  'client-secret': 'not-real',
};

test.each<[string, Record<string, string>, string]>([
  ['files', { files: '' }, 'files is not set'],
  ['client-id', { 'client-id': '' }, 'client-id is not set'],
  ['client-secret', { 'client-secret': '' }, 'GitHub passes no secrets'],
  ['environment', { 'token-url': '', 'api-url': '' }, 'environment is not set'],
  ['token-url', { 'token-url': '' }, 'token-url is not set'],
  ['environment', { environment: 'prod', 'token-url': '', 'api-url': '' }, '"prod": expected staging, production'],
  ['environment', { environment: 'staging' }, 'environment (staging) and token-url are both set'],
  ['api-url', { 'api-url': '' }, 'api-url is not set'],
  ['api-url', { 'api-url': 'ftp://x' }, 'not an http(s) URL'],
  ['api-url', { 'api-url': 'http://signstash.example/api' }, 'set allow-insecure-http'],
  ['in-place', { 'in-place': 'true', 'output-directory': 'out' }, 'in-place and output-directory are both set'],
  ['in-place', { 'in-place': 'true', suffix: '-x' }, 'in-place and suffix are both set'],
  ['output-directory', { 'output-directory': './' }, 'replace the originals'],
  ['suffix', { suffix: '/x' }, 'without slashes'],
  ['timestamp', { timestamp: 'yes' }, '"yes": expected true or false'],
  ['signature-type', { 'signature-type': 'PDF' }, '"PDF": expected PAdES, XAdES or CAdES'],
  ['location', { 'signature-type': 'XAdES', location: 'Lisboa' }, 'PAdES only'],
  ['visible-field', { 'signature-type': 'CAdES', 'visible-field': 'F', 'visible-template': 'x' }, 'PAdES only'],
  ['visible-template', { 'visible-field': 'Seal' }, 'visible-template is not set'],
  ['visible-size', { 'visible-size': '155x50' }, 'needs a position'],
  [
    'visible-size',
    { 'visible-size': '155', 'visible-field': 'F', 'visible-template': 'x' },
    '"155": expected width and height in points, such as 155x50',
  ],
  [
    'visible-placeholder',
    { 'visible-field': 'F', 'visible-placeholder': '#', 'visible-template': 'x' },
    'a visible seal has one position',
  ],
  [
    'visible-position',
    { 'visible-position': '1,70,100', 'visible-template': 'x' },
    'Invalid visible-position "1,70,100": expected page=1,x=70,y=100',
  ],
  [
    'visible-image',
    { 'visible-image': 'no.png', 'visible-field': 'F', 'visible-template': 'x' },
    'there is no such file',
  ],
  ['external-reference', { 'external-reference': '{sha1}' }, '{sha1} is not one of'],
  ['external-reference', { 'external-reference': '{run}' }, 'every file would get the same reference'],
  ['delivery-emails', { 'delivery-emails': 'a@b.pt, not-an-address' }, 'Invalid e-mail address "not-an-address"'],
  ['delivery-attach', { 'delivery-attach': 'true' }, 'needs delivery-emails'],
  ['batch-size', { 'batch-size': '100' }, 'from 1 to 99'],
  ['concurrency', { concurrency: '' }, 'concurrency is not set'],
  ['concurrency', { concurrency: '65' }, 'from 1 to 64'],
  ['timeout', { timeout: '5 minutes' }, 'expected a duration such as 90s or 5m'],
  ['timeout', { timeout: '99h' }, 'up to 24h'],
  ['retries', { retries: '-1' }, 'from 0 to 20'],
  ['if-no-files-found', { 'if-no-files-found': 'fail' }, 'expected error, warn or ignore'],
  ['outputdirectory', { outputdirectory: 'x' }, 'did you mean output-directory?'],
  ['client_secret', { client_secret: 'x' }, 'did you mean client-secret?'],
])('%s: %j is refused by its name', async (name, wrong, told) => {
  const run = await runAction(temporaryFolder('signstash-workspace-'), { inputs: { ...inputs, ...wrong } });
  expect(run.exitCode).toBe(1);
  expect(errorsOf(run)).toHaveLength(1);
  expect(errorsOf(run)[0]?.data).toContain(name);
  expect(errorsOf(run)[0]?.data).toContain(told);
});

test('names every wrong input in one message', async () => {
  const wrong = {
    ...inputs,
    'client-id': '',
    'api-url': 'ftp://x',
    'batch-size': '100',
    'visible-position': '1,70,100',
    'visible-size': '155',
    'delivery-emails': 'not-an-address',
    outputdirectory: 'x',
  };
  const run = await runAction(temporaryFolder('signstash-workspace-'), { inputs: wrong });
  expect(run.exitCode).toBe(1);
  const [error, ...more] = errorsOf(run);
  expect(more).toEqual([]);
  const lines = error?.data.split('\n') ?? [];
  const expected = [
    'api-url',
    'batch-size',
    'client-id',
    'delivery-emails',
    'outputdirectory',
    'visible-position',
    'visible-size',
    'visible-template',
  ];
  expect(lines).toHaveLength(expected.length);
  for (const input of expected) expect(lines).toContainEqual(expect.stringMatching(`\\b${input}\\b.+[.?]$`));
});

test.each(['error', 'warn', 'ignore'])('a carriage return in files prints no command: %s', async (choice) => {
  const hostile = 'a\r::notice::taken.pdf\rb ##[notice]taken.pdf\r*.no\r::notice::*.x';
  const run = await runAction(temporaryFolder('signstash-workspace-'), {
    inputs: { ...inputs, files: hostile, 'if-no-files-found': choice },
  });
  expect(run.commands.filter(({ name }) => name === 'notice')).toEqual([]);
  expect(run.log).toContain('taken.pdf');
});

test.each([
  ['error', 1, 'error'],
  ['warn', 0, 'warning'],
  ['ignore', 0, undefined],
])('no file found: %s', async (choice, exitCode, command) => {
  const found = { ...inputs, files: 'none/*.pdf\nmissing.pdf', 'if-no-files-found': choice };
  const missing = await runAction(temporaryFolder('signstash-workspace-'), { inputs: found });
  expect(missing.commands.find(({ data }) => data.startsWith('No such file: "missing.pdf".'))?.name).toBe(command);
  const nothing = await runAction(temporaryFolder('signstash-workspace-'), { inputs: { ...found, files: '*.pdf' } });
  expect(nothing.commands.find(({ data }) => data.startsWith('No file matches "*.pdf".'))?.name).toBe(command);
  for (const run of [missing, nothing]) expect(run.exitCode).toBe(exitCode);
  if (exitCode === 0) expect(nothing.outputs).toMatchObject({ 'signed-files': '[]', 'signed-count': '0' });
});
