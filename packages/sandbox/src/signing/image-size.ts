const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** JPEG markers that start a frame, all of which carry the image's size (ITU-T T.81, table B.1). */
const frameMarkers = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];

/** Reads the pixel size of a PNG or JPEG from its headers; undefined for anything else. */
export function imageSize(image: Buffer): { width: number; height: number } | undefined {
  if (image.length >= 24 && image.subarray(0, 8).equals(pngSignature)) {
    return { width: image.readUInt32BE(16), height: image.readUInt32BE(20) };
  }
  if (image.length < 4 || image.readUInt16BE(0) !== 0xffd8) return undefined;
  let at = 2;
  while (at + 9 <= image.length && image[at] === 0xff) {
    const marker = image[at + 1]!;
    if (frameMarkers.includes(marker)) return { height: image.readUInt16BE(at + 5), width: image.readUInt16BE(at + 7) };
    at += 2 + image.readUInt16BE(at + 2);
  }
  return undefined;
}
