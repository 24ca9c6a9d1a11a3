import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imageSize } from '../../src/api/request/image-size.ts';
import { signatureInfo } from '../../src/api/request/signature-info.ts';

/** A whole grey PNG; nothing here reads its checksums. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const pixels = deflateSync(Buffer.alloc((width + 1) * height));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** The header of a JPEG as cameras write it: EXIF, fill bytes, quantisation tables, a Huffman table, then the frame. */
function jpeg(width: number, height: number, frame = 0xc2): Buffer {
  const segment = (marker: number, data: Buffer) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  };
  const size = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  size.writeUInt16BE(height, 1);
  size.writeUInt16BE(width, 3);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe1, Buffer.from('Exif\0\0 with a own thumbnail: \xff\xc0', 'latin1')),
    Buffer.from([0xff, 0xff]),
    segment(0xdb, Buffer.alloc(65)),
    segment(0xc4, Buffer.alloc(28)),
    segment(frame, size),
  ]);
}

describe('the size of an image', () => {
  it('is read from the header of a PNG and of a JPEG', () => {
    expect(imageSize(png(155, 50))).toEqual({ width: 155, height: 50 });
    for (const frame of [0xc0, 0xc1, 0xc2]) {
      expect(imageSize(jpeg(640, 480, frame))).toEqual({ width: 640, height: 480 });
    }
  });

  it('is unknown for damaged images, without an exception', () => {
    for (const whole of [png(10, 10), jpeg(10, 10)]) {
      for (let length = 0; length < whole.length; length++) {
        const size = imageSize(whole.subarray(0, length));
        expect(size === undefined || size.width === 10).toBe(true);
      }
    }
    expect(imageSize(Buffer.from('GIF89a'))).toBeUndefined();
    expect(imageSize(Buffer.from([0xff, 0xd8, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
  });

  it('is read from a part of a larger buffer', () => {
    const bytes = Buffer.concat([Buffer.alloc(7), png(3, 4)]).subarray(7);
    expect(imageSize(bytes)).toEqual({ width: 3, height: 4 });
  });
});

describe('an area', () => {
  const seal = (width: number, height: number, image: { type: 'png' | 'jpg'; bytes: Uint8Array }) => () =>
    signatureInfo(
      'PAdES',
      { visible: { template: 'x', at: { page: 1, x: 0, y: 0 }, area: { width, height }, image } },
      'a.pdf',
      () => '',
    );

  it.each([
    [99, 50],
    [100, 49],
  ])('of %i x %i is refused for an image of 100 x 50 before anything is sent', (width, height) => {
    for (const image of [
      { type: 'png' as const, bytes: png(100, 50) },
      { type: 'jpg' as const, bytes: jpeg(100, 50) },
    ]) {
      expect(seal(width, height, image)).toThrow(
        expect.objectContaining({
          code: 'APPEARANCE_INVALID',
          document: 'a.pdf',
          message: expect.stringContaining('smaller than its image of 100 x 50 pixels'),
        }),
      );
    }
  });

  it('of exactly that size is accepted', () => {
    expect(seal(100, 50, { type: 'png', bytes: png(100, 50) })().visibleSignatureInfo?.area).toBe(
      'width=100,height=50',
    );
  });
});
