import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSealer } from '../../src/seal/index.ts';
import { run } from '../support/run.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

it.each([false, true])(
  'any bytes are sealed into a CMS that brings them along (timestamp: %s)',
  async (applyTimestamp) => {
    const sealer = await openSealer({ stateDirectory: temporaryFolder() });
    const content = Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x80]);
    const sealed = await sealer.seal({
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
      sealer.caCertificatePath,
    ];
    const verified = await run('openssl', ['cms', ...args, '-out', out], sealed);
    expect(verified.text).toContain('CAdES Verification successful');
    expect((await run('cmp', [out, temporaryFile(content)])).exitCode).toBe(0);

    const printed = await run('openssl', ['asn1parse', '-inform', 'DER'], sealed);
    expect(printed.text.includes('id-smime-aa-timeStampToken')).toBe(applyTimestamp);

    const tampered = Buffer.from(sealed);
    tampered[tampered.indexOf(content) + 2]! ^= 1;
    expect((await run('openssl', ['cms', ...args, '-out', out], tampered)).exitCode).not.toBe(0);
  },
);
