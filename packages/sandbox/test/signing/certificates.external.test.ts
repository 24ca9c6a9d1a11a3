import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSigner } from '../../src/signing/index.ts';
import { run } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FOLDER = 'authority-rsa-2048';

it('issues certificates that openssl accepts for their purpose', async () => {
  const stateDirectory = temporaryFolder();
  const { caCertificatePath, caCertificatePem } = await openSigner({ stateDirectory });
  expect(caCertificatePem.endsWith('-----END CERTIFICATE-----\n')).toBe(true);
  const at = (name: string) => join(stateDirectory, FOLDER, name);
  const verify = (args: string[]) => run('openssl', ['verify', '-x509_strict', '-CAfile', caCertificatePath, ...args]);
  expect((await verify([at('seal.pem')])).text).toBe(`${at('seal.pem')}: OK\n`);
  expect((await verify(['-purpose', 'timestampsign', at('timestamp.pem')])).text).toBe(`${at('timestamp.pem')}: OK\n`);
  expect((await verify(['-purpose', 'timestampsign', at('seal.pem')])).exitCode).not.toBe(0);
  const certificate = new X509Certificate(await readFile(at('seal.pem')));
  expect(certificate.subject.split('\n')).toEqual([
    'C=PT',
    "O=Sign'Stash Connect Sandbox",
    'organizationIdentifier=VATPT-999999990',
    'CN=Sandbox Seal — Not Qualified',
  ]);
});
