import * as asn1js from 'asn1js';
import { XmlC14NMode, XmlDocument, type XmlElement } from 'libxml2-wasm';
import { DS } from '../../test/support/xml.ts';

/** A part of a CMS that its signature must cover, or that a verifier must not ignore: `[start, end)`. */
type Range = readonly [start: number, end: number];

/**
 * Whether a changed CMS has all parts that matter as they were: content, certificate of the signer, identifier,
 * algorithms, signed attributes and signature value. What is left are version numbers, the list of digest algorithms,
 * other certificates and unsigned attributes.
 */
export function sameSignedParts(original: Buffer, changed: Buffer): boolean {
  if (changed.equals(original)) return true;
  if (changed.length !== original.length) return false;
  const { exact, names } = protectedRanges(original);
  const lowerCase = (bytes: Buffer, [start, end]: Range) => bytes.toString('latin1', start, end).toLowerCase();
  return (
    exact.every(([start, end]) => original.subarray(start, end).equals(changed.subarray(start, end))) &&
    names.every((range) => lowerCase(original, range) === lowerCase(changed, range))
  );
}

/** Names are compared without regard to case (RFC 5280, section 7.1); everything else byte by byte. */
function protectedRanges(der: Buffer): { exact: Range[]; names: Range[] } {
  const root: Located = { block: asn1js.fromBER(der).result, start: 0 };
  const signedData = children(children(root)[1]!)[0]!;
  const [, , content, ...rest] = children(signedData);
  const certificates = rest.find(({ block }) => block.idBlock.tagClass === 3 && block.idBlock.tagNumber === 0);
  const signerInfo = children(children(rest.at(-1)!)[0]!);
  const signed = signerInfo.filter(({ block: { idBlock } }, index) => {
    const isUnsignedAttributes = idBlock.tagClass === 3 && idBlock.tagNumber === 1;
    return index > 1 && !isUnsignedAttributes;
  });
  const [issuer, serialNumber] = children(signerInfo[1]!);
  const ranges = (parts: readonly Located[]): Range[] =>
    parts.map(({ block, start }) => [start, start + block.blockLength]);
  return {
    exact: ranges([content!, children(certificates!)[0]!, serialNumber!, ...signed]),
    names: ranges([issuer!]),
  };
}

interface Located {
  block: asn1js.BaseBlock;
  start: number;
}

function children({ block, start }: Located): Located[] {
  let at = start + block.idBlock.blockLength + block.lenBlock.blockLength;
  return ((block as asn1js.Constructed).valueBlock.value as asn1js.BaseBlock[]).map((child) => {
    const located = { block: child, start: at };
    at += child.blockLength;
    return located;
  });
}

/** Whether a changed PDF differs in nothing but unsigned parts of its only CMS, or white space at the end. */
export function sameSignedPdf(pdf: Buffer, changed: Buffer): boolean {
  const start = pdf.indexOf('<30') + 1;
  const end = pdf.indexOf('>', start);
  if (!/^\s*$/.test(changed.subarray(pdf.length).toString('latin1'))) return false;
  if (!changed.subarray(0, start).equals(pdf.subarray(0, start))) return false;
  if (!changed.subarray(end, pdf.length).equals(pdf.subarray(end))) return false;
  const decode = (bytes: Buffer) => Buffer.from(bytes.toString('latin1', start, end), 'hex');
  const [before, after] = [decode(pdf), decode(changed)];
  const length = 4 + before.readUInt16BE(2);
  // The padding must stay empty.
  if (after.subarray(length).some((byte) => byte !== 0)) return false;
  return sameSignedParts(before.subarray(0, length), after.subarray(0, length));
}

/** Whether two XML documents mean the same to a signature: canonical form without comments and certificates. */
export function sameSignedXml(original: Buffer, changed: Buffer): boolean {
  const [a, b] = [signedForm(original), signedForm(changed)];
  return a !== undefined && a === b;
}

function signedForm(xml: Buffer): string | undefined {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(xml);
  } catch {
    return undefined;
  }
  try {
    const values: string[] = [];
    for (const node of document.find('//ds:KeyInfo', { ds: DS }) as XmlElement[]) node.remove();
    for (const node of document.find('//ds:SignatureValue', { ds: DS }) as XmlElement[]) {
      // The last character of Base64 has bits that mean nothing.
      values.push(Buffer.from(node.content, 'base64').toString('hex'));
      node.remove();
    }
    return (
      values.join() + document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, withComments: false })
    );
  } finally {
    document.dispose();
  }
}
