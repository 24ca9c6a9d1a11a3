import { beforeAll, describe, expect, it } from 'vitest';
import { checkSigned, TrustStore, type VerificationLevel } from '../src/index.ts';
import { issuePair } from './support/authority.ts';
import { makePdf, signPdf } from './support/pdf.ts';

const original = makePdf();
let signed: Buffer;
let trust: TrustStore;
let otherTrust: TrustStore;

beforeAll(async () => {
  const [issuer, other] = [await issuePair(), await issuePair()];
  trust = TrustStore.fromCertificates(issuer.root.pem);
  otherTrust = TrustStore.fromCertificates(other.root.pem);
  signed = signPdf(original, { signer: issuer.seal });
});

describe('checkSigned', () => {
  it('accepts an intact signature over the original, at both levels', async () => {
    expect(await checkSigned(signed, { level: 'signature', original })).toBeUndefined();
    expect(await checkSigned(signed, { level: 'signature', trust: otherTrust, original })).toBeUndefined();
    expect(await checkSigned(signed, { level: 'chain', trust, original })).toBeUndefined();
  });

  it('refuses a signature that does not chain to a given root only at the level chain', async () => {
    expect(await checkSigned(signed, { level: 'chain', trust: otherTrust, original })).toMatch(/given root$/);
  });

  it.each(['signature', 'chain'] as const)(
    'refuses a changed byte and another original at the level %s',
    async (level) => {
      const changed = Buffer.from(signed);
      changed[100]! ^= 1;
      expect(await checkSigned(changed, { level, trust })).toMatch(/\w{3}/);
      expect(await checkSigned(original, { level, trust })).toBe('The document is not signed');
      expect(await checkSigned(signed, { level, trust, original: Buffer.concat([original, Buffer.from('%')]) })).toBe(
        'The document was not made from the given original',
      );
    },
  );

  it('refuses options that would check nothing', async () => {
    const level = 'integrity' as VerificationLevel;
    await expect(checkSigned(signed, { level })).rejects.toThrow('Invalid "level" "integrity"');
    await expect(checkSigned(signed, { level: 'chain' })).rejects.toThrow('needs "trust"');
    await expect(checkSigned(signed, { level: 'chain', trust: new TrustStore([]) })).rejects.toThrow('needs "trust"');
  });
});
