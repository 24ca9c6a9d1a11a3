import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from '@signstash-connect/testing';
import { describe, expect, it } from 'vitest';
import { readRecipe } from './recipe-files.ts';

const unitName = 'signstash-watch.service';

/** Writes the unit, with a program that exists here in place of the installed one. */
function unitFile(change = (unit: string) => unit): string {
  const unit = readRecipe(`systemd/${unitName}`).replace('/usr/local/bin/signstash ', `${process.execPath} `);
  const path = join(temporaryFolder(), unitName);
  writeFileSync(path, change(unit));
  return path;
}

const analyze = (...args: string[]) => runProgram('systemd-analyze', ['--no-pager', ...args]);

describe('the systemd unit', () => {
  it('passes systemd-analyze verify without a message', async () => {
    const { exitCode, text } = await analyze('verify', '--man=no', unitFile());
    expect([exitCode, text]).toEqual([0, '']);
    const wrong = await analyze(
      'verify',
      '--man=no',
      unitFile((unit) => unit.replace('LoadCredential=', 'LoadSecret=')),
    );
    expect(wrong.text).toContain("'LoadSecret'");
  });

  it('is rated as hardened by systemd-analyze security', async () => {
    const { exitCode, text } = await analyze('security', '--offline=true', '--threshold=20', unitFile());
    expect(text).toMatch(/Overall exposure level for signstash-watch\.service: 1\.\d OK/);
    expect(exitCode).toBe(0);
  });

  it('keeps the secret out of the environment file', () => {
    expect(readRecipe('systemd/signstash.env')).not.toMatch(/^SIGNSTASH_CLIENT_SECRET/m);
    expect(readRecipe(`systemd/${unitName}`)).toMatch(
      /^LoadCredential=client-secret:.+\nEnvironment=SIGNSTASH_CLIENT_SECRET_FILE=%d\/client-secret$/m,
    );
  });
});
