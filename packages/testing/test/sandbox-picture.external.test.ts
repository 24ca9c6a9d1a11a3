import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openBrowser, takePicture, textWindow } from '../src/pictures.ts';
import { temporaryFolder } from '../src/temporary-folder.ts';

const cli = fileURLToPath(new URL('../../sandbox/src/cli.ts', import.meta.url));

it('the sandbox prints lines to paste, and a line per request', async () => {
  const child = spawn(process.execPath, [cli, '--port', '0', '--state', temporaryFolder()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (printed += chunk));
  const until = async (text: RegExp) => {
    while (!text.test(printed)) await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  };
  const browser = await openBrowser();
  try {
    await until(/Stop with Ctrl\+C/);
    const value = (name: string) => new RegExp(`export ${name}='([^']+)'`).exec(printed)?.[1] ?? '';
    const authorization = Buffer.from(`${value('SIGNSTASH_CLIENT_ID')}:${value('SIGNSTASH_CLIENT_SECRET')}`);
    const answer = await fetch(value('SIGNSTASH_TOKEN_URL'), {
      method: 'POST',
      headers: {
        authorization: `Basic ${authorization.toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
    expect(answer.status).toBe(200);
    await until(/POST .*oauth\/token/);
    const port = new URL(value('SIGNSTASH_API_URL')).port;
    const session = printed
      .replaceAll(`:${port}`, ':8700')
      .replace(/^Admin API: .*\n|^Certificate authority .*\n/gm, '')
      .replace(/\nOr into PowerShell[\s\S]*?(?=\nThe whole flow)/, '\n');
    const shown = await takePicture(browser, textWindow('Terminal', `$ npx @signstash-connect/sandbox\n${session}`), {
      file: new URL('../../sandbox/docs/sandbox.png', import.meta.url),
      width: 860,
    });
    expect(shown).toContain('export SIGNSTASH_TOKEN_URL=');
    expect(shown).toContain('NO legal value');
    expect(shown).toMatch(/POST .*oauth\/token/);
  } finally {
    await browser.close();
    child.kill();
    await once(child, 'close');
  }
});
