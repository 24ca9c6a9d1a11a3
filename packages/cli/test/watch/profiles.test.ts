import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ConfigurationError } from '@signstash-connect/core';
import { simplePdf, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { parseProfile } from '../../src/watch/profile.ts';
import { clientOf, testFolder, until, watchTestFolder } from './support/watched-folder.ts';

it('signs the files of a folder and its subfolders as its profile says', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), { sign: { reason: 'Default' } });
  await watch.ready;
  watch.drop('credit/signstash.profile.json', JSON.stringify({ reason: 'Credit note', location: 'Lisboa' }));
  watch.drop('credit/2026/a.pdf', simplePdf('a'));
  watch.drop('b.pdf', simplePdf('b'));
  await until(
    () => watch.status().signed === 2,
    () => watch.events,
  );
  const entry = (name: string, key: string) => {
    const pdf = readFileSync(watch.path(`signed/${name}`), 'latin1');
    const [, hex = ''] = new RegExp(`/${key} <FEFF([0-9A-F]*)>`).exec(pdf) ?? [];
    return Buffer.from(hex, 'hex').swap16().toString('utf16le');
  };
  expect(entry('credit/2026/a.pdf', 'Reason')).toBe('Credit note');
  expect(entry('credit/2026/a.pdf', 'Location')).toBe('Lisboa');
  expect(entry('b.pdf', 'Reason')).toBe('Default');
  expect(watch.files('in')).toEqual(['credit/signstash.profile.json']);
});

it('leaves the files of a folder with a wrong profile alone, reports one error, and signs them once it is corrected', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  watch.drop('x/signstash.profile.json', JSON.stringify({ visiblePosition: 'top', reasn: 'Invoice' }));
  watch.drop('x/a.pdf', simplePdf('a'));
  watch.drop('x/b.pdf', simplePdf('b'));
  watch.drop('c.pdf', simplePdf('c'));
  await until(
    () => watch.status().held === 2 && watch.status().signed === 1,
    () => watch.status(),
  );
  const errors = watch.events.filter(({ type }) => type === 'profile-invalid');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({
    profile: watch.path('in/x/signstash.profile.json'),
    problem: { code: 'CONFIGURATION_INVALID', detail: expect.stringContaining('reasn') },
  });
  expect(watch.files('in')).toEqual(['x/a.pdf', 'x/b.pdf', 'x/signstash.profile.json']);
  expect(watch.files('failed')).toEqual([]);

  watch.drop('x/signstash.profile.json', JSON.stringify({ reason: 'Invoice' }));
  await until(
    () => watch.status().signed === 3,
    () => watch.status(),
  );
  expect(watch.files('in')).toEqual(['x/signstash.profile.json']);
});

it('does not start with a wrong profile at the top', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  testFolder(root).drop('signstash.profile.json', '{ "reason": ');
  const watch = watchTestFolder(clientOf(sandbox), { root });
  await expect(watch.ready).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringContaining('it is not JSON'),
  });
});

it('sends documents for different receivers in different requests', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  for (const name of ['a', 'b']) {
    watch.drop(`${name}/signstash.profile.json`, JSON.stringify({ deliveryEmails: [`${name}@example.com`] }));
    watch.drop(`${name}/1.pdf`, simplePdf(name));
  }
  await until(
    () => watch.status().signed === 2,
    () => watch.events,
  );
  expect(sandbox.admin.counts().requests.sign).toBe(2);
});

it('uses the reference pattern of the profile, and refuses a wrong one', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), {
    parseReference: (pattern) => {
      if (!pattern.startsWith('erp')) throw new ConfigurationError('CONFIGURATION_INVALID', 'reference', 'bad pattern');
      const resolve = async ({ name }: { name: string }) => `${pattern}-${name.replaceAll('/', ':')}`;
      return { resolve, anyRendering: false };
    },
  });
  await watch.ready;
  watch.drop('x/signstash.profile.json', JSON.stringify({ reference: 'erp' }));
  watch.drop('x/1.pdf', simplePdf());
  watch.drop('y/signstash.profile.json', JSON.stringify({ reference: 'other' }));
  watch.drop('y/1.pdf', simplePdf());
  await until(
    () => watch.status().signed === 1 && watch.status().held === 1,
    () => watch.events,
  );
  expect(Object.keys(sandbox.admin.counts().signedByReference)).toEqual(['erp-x:1.pdf']);
  expect(watch.status().lastError?.problem.detail).toContain('bad pattern');
});

it('does not publish a signed file that fails verification, and moves its original to the failed folder', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), { verify: () => 'untrusted certificate' });
  await watch.ready;
  watch.drop('a.pdf', simplePdf());
  await until(() => watch.status().failed === 1);
  expect(watch.files('signed')).toEqual([]);
  expect(readFileSync(watch.path('failed/a.pdf.error.txt'), 'utf8')).toContain('untrusted certificate');
  expect(watch.files('.signstash/outputs')).toEqual([expect.stringMatching(/^[0-9a-f]{40}\.rejected$/)]);
});

it('reads the image of a visible seal relative to the profile, and names a missing one', async () => {
  const folder = temporaryFolder();
  const path = `${folder}/signstash.profile.json`;
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  writeFileSync(`${folder}/logo.png`, png);
  const profile = JSON.stringify({
    visiblePosition: 'page=1,x=70,y=100',
    visibleText: 'service',
    visibleImage: 'logo.png',
  });
  const { sign } = await parseProfile(profile, path, {});
  expect(sign.visible?.image).toMatchObject({ type: 'png' });
  rmSync(`${folder}/logo.png`);
  await expect(parseProfile(profile, path, {})).rejects.toThrow(/visibleImage: .*logo\.png cannot be read/);
});
