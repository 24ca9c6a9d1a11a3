import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSigner } from '../../src/signing/index.ts';
import { run } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FOLDER = 'authority-rsa-2048';

it('keeps its certificates for later runs, and one set for each kind of key', async () => {
  const stateDirectory = join(temporaryFolder(), 'not', 'there', 'yet');
  const first = await openSigner({ stateDirectory });
  const second = await openSigner({ stateDirectory });
  expect(second.caCertificatePem).toBe(first.caCertificatePem);
  expect(second.caCertificatePath).toBe(join(stateDirectory, FOLDER, 'ca.pem'));
  const ec = await openSigner({ stateDirectory, keyAlgorithm: 'EC-P256' });
  expect(ec.caCertificatePem).not.toBe(first.caCertificatePem);
});

it('creates one set when many processes start at once, and leaves no temporary folders behind', async () => {
  const stateDirectory = temporaryFolder();
  const index = new URL('../../src/signing/index.ts', import.meta.url).href;
  const script = `
    const { openSigner } = await import(${JSON.stringify(index)});
    const signer = await openSigner({ stateDirectory: ${JSON.stringify(stateDirectory)} });
    process.stdout.write(signer.caCertificatePem);`;
  const starts = Array.from({ length: 4 }, () => run(process.execPath, ['--input-type=module', '-e', script]));
  const printed = await Promise.all(starts);
  expect(new Set(printed.map(({ stdout }) => stdout.toString())).size).toBe(1);
  expect(printed[0]!.stdout.toString()).toBe(await readFile(join(stateDirectory, FOLDER, 'ca.pem'), 'utf8'));
  expect(await readdir(stateDirectory)).toEqual([FOLDER]);
});

it('protects private keys, and does not store that of the root', async () => {
  const stateDirectory = temporaryFolder();
  await openSigner({ stateDirectory });
  const files = (await readdir(join(stateDirectory, FOLDER))).sort();
  expect(files).toEqual(['ca.pem', 'seal.key', 'seal.pem', 'timestamp.key', 'timestamp.pem']);
  for (const file of files) {
    const { mode } = await stat(join(stateDirectory, FOLDER, file));
    expect([file, mode & 0o077]).toEqual([file, file.endsWith('.key') ? 0 : 0o044]);
  }
});

it('explains how to fix certificates that do not belong together', async () => {
  const stateDirectory = temporaryFolder();
  await openSigner({ stateDirectory });
  const folder = join(stateDirectory, FOLDER);
  await cp(join(folder, 'timestamp.key'), join(folder, 'seal.key'));
  await expect(openSigner({ stateDirectory })).rejects.toThrow(`${folder} cannot be used: delete that folder`);
  await writeFile(join(folder, 'seal.pem'), 'nonsense');
  await expect(openSigner({ stateDirectory })).rejects.toThrow(`${folder} cannot be used: delete that folder`);
  await rm(folder, { recursive: true });
  await expect(openSigner({ stateDirectory })).resolves.toBeDefined();
});
