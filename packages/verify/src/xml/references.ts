import { createHash } from 'node:crypto';
import { XmlDocument, XmlElement } from 'libxml2-wasm';
import { type DigestAlgorithm, digestByName, unsupported } from '../cms/algorithms.ts';
import { VerificationProblem } from '../report.ts';
import {
  algorithm,
  attribute,
  base64,
  type Canonicalization,
  childElements,
  NS,
  only,
  readCanonicalization,
  required,
  type SignatureParts,
} from './signature-parts.ts';

const DIGEST_NAMES: Record<string, string> = {
  'http://www.w3.org/2000/09/xmldsig#sha1': 'SHA-1',
  'http://www.w3.org/2001/04/xmldsig-more#sha224': 'SHA-224',
  'http://www.w3.org/2001/04/xmlenc#sha256': 'SHA-256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'SHA-384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'SHA-512',
};
const ENVELOPED = `${NS.ds}enveloped-signature`;
const XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116';
const XPATH_FILTER2 = 'http://www.w3.org/2002/06/xmldsig-filter2';

/** A document with what is needed to look up references in it. */
export interface SignedDocument {
  bytes: Uint8Array;
  document: XmlDocument;
  signatures: XmlElement[];
}

/** What a reference covers. */
export interface ReferenceResult {
  digest: DigestAlgorithm;
  target: 'document' | 'signed-properties' | 'object' | 'element';
}

/** Parses XML that cannot expand into something else: a document type declaration is refused. */
export function parseXml(bytes: Uint8Array): XmlDocument {
  // In UTF-16, every second byte of the declaration is zero.
  if (Buffer.from(bytes).toString('latin1').replaceAll('\0', '').includes('<!DOCTYPE')) throw doctype();
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(bytes);
  } catch {
    throw new VerificationProblem('invalid', 'malformed-document', 'The document is not well-formed XML.');
  }
  if (!document.dtd) return document;
  document.dispose();
  throw doctype();
}

function doctype(): VerificationProblem {
  const message = 'The XML has a document type declaration, whose entities could change what was signed.';
  return new VerificationProblem('invalid', 'document-type-declaration', message);
}

export function findSignatures(document: XmlDocument): XmlElement[] {
  return document.find('//ds:Signature', { ds: NS.ds }).filter((node) => node instanceof XmlElement);
}

/** Checks the digest of a reference, and says what it covers. */
export function verifyReference(signed: SignedDocument, parts: SignatureParts, reference: XmlElement): ReferenceResult {
  const uri = attribute(reference, 'URI');
  const digestUri = algorithm(required(reference, NS.ds, 'DigestMethod'));
  const digestName = DIGEST_NAMES[digestUri];
  if (!digestName) throw unsupported(`The digest algorithm "${digestUri}" is not supported.`);
  const digest = digestByName(digestName);
  const transforms = readTransforms(reference);
  const { target, bytes } = dereference(signed, parts, uri, transforms);
  const expected = base64(required(reference, NS.ds, 'DigestValue'));
  if (!createHash(digest.node).update(bytes).digest().equals(expected)) {
    throw new VerificationProblem('invalid', 'digest-mismatch', 'The document was changed after it was signed.');
  }
  return { digest, target };
}

interface Transforms {
  removes: 'nothing' | 'own' | 'all';
  canonicalization: Canonicalization;
}

function readTransforms(reference: XmlElement): Transforms {
  const list = only(reference, NS.ds, 'Transforms');
  let removes: Transforms['removes'] = 'nothing';
  let canonicalization: Canonicalization | undefined;
  for (const transform of list ? childElements(list, NS.ds, 'Transform') : []) {
    const removed = removedBy(transform);
    // Once bytes were made, only a parser could make nodes of them again.
    if (canonicalization) throw unsupported('Transforms after a canonicalization are not supported.');
    if (removed) removes = removed;
    else canonicalization = readCanonicalization(transform);
    if (!removed && !canonicalization) throw unsupported(`The transform "${algorithm(transform)}" is not supported.`);
  }
  return { removes, canonicalization: canonicalization ?? readCanonicalization(undefined)! };
}

/** Transforms that take out signatures, as the service and other signers write them. Other expressions are not run. */
function removedBy(transform: XmlElement): Transforms['removes'] | undefined {
  switch (algorithm(transform)) {
    case ENVELOPED:
      return 'own';
    case XPATH: {
      const [expression] = childElements(transform, NS.ds, 'XPath');
      const text = expression?.content.replace(/\s/g, '') ?? '';
      const prefix = /^not\(ancestor-or-self::([\w.-]+):Signature\)$/.exec(text)?.[1];
      if (expression && prefix && expression.namespaces[prefix] === NS.ds) return 'all';
      throw unsupported('The XPath transform is not one of those that take out signatures.');
    }
    case XPATH_FILTER2: {
      const [expression, more] = childElements(transform, XPATH_FILTER2, 'XPath');
      const text = expression?.content.replace(/\s/g, '') ?? '';
      const prefix = /^(?:\/descendant::|\/\/)([\w.-]+):Signature$/.exec(text)?.[1];
      const isSubtract = expression && attribute(expression, 'Filter') === 'subtract' && !more;
      if (isSubtract && prefix && expression.namespaces[prefix] === NS.ds) return 'all';
      throw unsupported('The XPath filter is not one of those that take out signatures.');
    }
    default:
      return undefined;
  }
}

function dereference(
  signed: SignedDocument,
  parts: SignatureParts,
  uri: string | undefined,
  { removes, canonicalization }: Transforms,
): { target: ReferenceResult['target']; bytes: Buffer } {
  if (uri === '') {
    if (removes === 'nothing')
      throw unsupported('A reference to the whole document that includes its own signature is not supported.');
    // `URI=""` leaves comments out, whatever canonicalization follows (XML Signature, 4.4.3.2).
    const options = { ...canonicalization, withComments: false };
    return {
      target: 'document',
      bytes: withoutSignatures(signed, parts, removes, (copy) => copy.canonicalizeToString(options)),
    };
  }
  const id = uri?.startsWith('#') ? uri.slice(1) : undefined;
  if (!id || !/^[\p{L}_][\p{L}\p{N}._-]*$/u.test(id)) {
    throw unsupported('A reference outside the document, or by XPointer, is not supported.');
  }
  const element = findById(signed.document, id);
  // So do references to an Id.
  const options = { ...canonicalization, withComments: false };
  const target = classify(signed, parts, element);
  if (removes === 'nothing') return { target, bytes: Buffer.from(element.canonicalizeToString(options)) };
  const bytes = withoutSignatures(signed, parts, removes, (copy) => findById(copy, id).canonicalizeToString(options));
  return { target, bytes };
}

function classify({ document }: SignedDocument, parts: SignatureParts, element: XmlElement): ReferenceResult['target'] {
  if (parts.signedProperties?.isSameNode(element)) return 'signed-properties';
  if (document.root.isSameNode(element)) return 'document';
  if (parts.objects.some((object) => object.isSameNode(element))) return 'object';
  return 'element';
}

/** The one element with that Id: with two, the reader of the document could see another one than was signed. */
function findById(document: XmlDocument, id: string): XmlElement {
  const found = document.find(`//*[@Id="${id}" or @ID="${id}" or @id="${id}" or @xml:id="${id}"]`);
  const [element] = found;
  if (found.length === 1 && element instanceof XmlElement) return element;
  throw new VerificationProblem(
    'invalid',
    'ambiguous-reference',
    `The signature refers to "#${id}", which ${found.length} elements have as their Id.`,
  );
}

function withoutSignatures(
  { bytes, signatures }: SignedDocument,
  parts: SignatureParts,
  removes: 'own' | 'all',
  read: (copy: XmlDocument) => string,
): Buffer {
  const own = signatures.findIndex((signature) => signature.isSameNode(parts.element));
  const copy = XmlDocument.fromBuffer(bytes);
  try {
    const found = findSignatures(copy);
    if (removes === 'own') found[own]!.remove();
    // A signature inside another one goes with it.
    else for (const signature of found.filter((entry) => !isNested(entry))) signature.remove();
    return Buffer.from(read(copy));
  } finally {
    copy.dispose();
  }
}

export function isNested(signature: XmlElement): boolean {
  return signature.find('ancestor::ds:Signature', { ds: NS.ds }).length > 0;
}
