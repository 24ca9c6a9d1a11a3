import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSigner } from '../../src/signing/index.ts';
import { run } from '../support/run.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

it.each([false, true])('any bytes are signed into a CMS that contains them (timestamp: %s)', async (applyTimestamp) => {
  const signer = await openSigner({ stateDirectory: temporaryFolder() });
  const content = Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x80]);
  const signed = await signer.sign({
    content,
    contentType: 'application/octet-stream',
    signatureInfo: { signatureType: 'CAdES', applyTimestamp },
  });
  const out = join(temporaryFolder(), 'out');
  const args = [
    '-verify',
    '-cades',
    '-binary',
    '-inform',
    'DER',
    '-purpose',
    'any',
    '-CAfile',
    signer.caCertificatePath,
  ];
  const verified = await run('openssl', ['cms', ...args, '-out', out], signed);
  expect(verified.text).toContain('CAdES Verification successful');
  expect((await run('cmp', [out, temporaryFile(content)])).exitCode).toBe(0);

  const printed = await run('openssl', ['asn1parse', '-inform', 'DER'], signed);
  expect(printed.text.includes('id-smime-aa-timeStampToken')).toBe(applyTimestamp);

  const tampered = Buffer.from(signed);
  tampered[tampered.indexOf(content) + 2]! ^= 1;
  expect((await run('openssl', ['cms', ...args, '-out', out], tampered)).exitCode).not.toBe(0);
});
