import { describe, expect, test } from 'vitest';
import { preservationInfo, signatureInfo } from '../../src/api/request/signature-info.ts';
import type { SignatureOptions } from '../../src/api/sign-options.ts';
import type { SignatureType } from '../../src/api/wire.ts';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const map = (options: SignatureOptions, type: SignatureType = 'PAdES') =>
  signatureInfo(type, options, 'invoice.pdf', base64);
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d);

describe('signature options on the wire', () => {
  test('the default is an invisible signature without a timestamp', () => {
    expect(map({})).toEqual({ signatureType: 'PAdES', applyTimestamp: false });
  });

  test("a full visible seal becomes the service's strings", () => {
    const visible = {
      template: 'Digitally signed by $certificate.getCommonName()',
      at: { page: 1, x: 70, y: 100 },
      area: { width: 155, height: 50 },
      background: '#ffffff',
      font: { size: 11 },
      image: { type: 'png' as const, bytes: png },
    };
    expect(map({ reason: 'Fatura', location: 'Lisboa', timestamp: true, visible })).toEqual({
      signatureType: 'PAdES',
      reason: 'Fatura',
      location: 'Lisboa',
      applyTimestamp: true,
      visibleSignatureInfo: {
        templateType: 'ONE_OFF',
        oneOffTemplate: 'Digitally signed by $certificate.getCommonName()',
        locationType: 'COORDINATE',
        locationValue: 'page=1,x=70,y=100',
        area: 'width=155,height=50',
        areaBackgroundColor: '#ffffff',
        font: 'color=#000000,size=11',
        imageType: 'IMAGE_PNG',
        imageValue: base64(png),
      },
    });
  });

  test.each([
    [{ field: 'Seal1' }, 'SIGN_FIELD', 'Seal1'],
    [{ placeholder: '#SEAL#' }, 'PLACEHOLDER', '#SEAL#'],
  ])('%j is a %s', (at, locationType, locationValue) => {
    expect(map({ visible: { template: { service: true }, at } }).visibleSignatureInfo).toEqual({
      templateType: 'SERVICE_CUSTOMIZATION',
      locationType,
      locationValue,
    });
  });

  test('XML options go to XAdES', () => {
    const xml = { parentElement: 'Invoice', transform: 'ENVELOPED', canonicalization: 'EXCLUSIVE' } as const;
    expect(map({ xml }, 'XAdES').advancedSignatureInfo).toEqual({
      signatureLocation: 'Invoice',
      signatureTransform: 'ENVELOPED',
      canonicalTransform: 'EXCLUSIVE',
    });
  });

  const at = { page: 1, x: 1, y: 1 };
  test.each<[string, unknown, SignatureType]>([
    ['TEMPLATE_MISSING', { visible: { at } }, 'PAdES'],
    ['TEMPLATE_MISSING', { visible: { at, template: '  ' } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x' } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x', at: { page: 0, x: 1, y: 1 } } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x', at: { page: 1, x: -1, y: 1 } } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x', at: { page: 1, x: Number.NaN, y: 1 } } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x', at: { field: '' } } }, 'PAdES'],
    ['PLACEMENT_INVALID', { visible: { template: 'x', at: { placeholder: ' ' } } }, 'PAdES'],
    ['APPEARANCE_INVALID', { visible: { template: 'x', at, area: { width: 0, height: 5 } } }, 'PAdES'],
    ['APPEARANCE_INVALID', { visible: { template: 'x', at, background: 'red' } }, 'PAdES'],
    ['APPEARANCE_INVALID', { visible: { template: 'x', at, image: { type: 'jpg', bytes: png } } }, 'PAdES'],
    ['SEAL_OPTIONS_CONFLICT', { visible: { template: 'x', at } }, 'XAdES'],
    ['SEAL_OPTIONS_CONFLICT', { location: 'Porto' }, 'CAdES'],
    ['SEAL_OPTIONS_CONFLICT', { xml: {} }, 'PAdES'],
  ])('%s: %j', (code, options, type) => {
    expect(() => map(options as SignatureOptions, type)).toThrow(
      expect.objectContaining({ code, document: 'invoice.pdf' }),
    );
  });

  test('delivery needs valid e-mail addresses', () => {
    expect(preservationInfo({ preserveContent: true, delivery: { receivers: ['a@b.pt'] } })).toEqual({
      preserveContent: true,
      deliveryInfo: { attachDocuments: false, personReceiver: [{ email: 'a@b.pt' }] },
    });
    for (const receivers of [[], ['a'], ['a@b'], ['a@b.pt, c@d.pt']]) {
      expect(() => preservationInfo({ preserveContent: false, delivery: { receivers } })).toThrow(
        expect.objectContaining({ code: 'RECEIVER_INVALID' }),
      );
    }
  });
});
