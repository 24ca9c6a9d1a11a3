import { XmlC14NMode, XmlCData, XmlElement, type XmlNode, XmlText } from 'libxml2-wasm';
import { unsupported } from '../cms/algorithms.ts';
import { VerificationProblem } from '../report.ts';

export const NS = {
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
  exclusive: 'http://www.w3.org/2001/10/xml-exc-c14n#',
};

const C14N: Record<string, { mode: 0 | 1 | 2; withComments: boolean }> = {
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': { mode: XmlC14NMode.XML_C14N_1_0, withComments: false },
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments': {
    mode: XmlC14NMode.XML_C14N_1_0,
    withComments: true,
  },
  'http://www.w3.org/2006/12/xml-c14n11': { mode: XmlC14NMode.XML_C14N_1_1, withComments: false },
  'http://www.w3.org/2006/12/xml-c14n11#WithComments': { mode: XmlC14NMode.XML_C14N_1_1, withComments: true },
  'http://www.w3.org/2001/10/xml-exc-c14n#': { mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, withComments: false },
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments': {
    mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
    withComments: true,
  },
};
const DEFAULT_C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';

/** How a node is turned into bytes. */
export interface Canonicalization {
  mode: 0 | 1 | 2;
  withComments: boolean;
  inclusiveNamespacePrefixes?: string[];
}

/** A `ds:Signature` whose children are where the schema has them, once each. */
export interface SignatureParts {
  element: XmlElement;
  id: string | undefined;
  signedInfo: XmlElement;
  references: XmlElement[];
  signatureValue: XmlElement;
  keyInfo: XmlElement | undefined;
  objects: XmlElement[];
  qualifyingProperties: XmlElement | undefined;
  signedProperties: XmlElement | undefined;
  unsignedProperties: XmlElement | undefined;
}

/** Reads the structure of a signature. A second `SignedInfo` or the like would let readers disagree. */
export function readParts(element: XmlElement): SignatureParts {
  const children = childElements(element);
  const names = children.map(({ name, namespaceUri }) => (namespaceUri === NS.ds ? name : '?'));
  if (!/^SignedInfo,SignatureValue(,KeyInfo)?(,Object)*$/.test(names.join())) {
    throw malformedXml('A ds:Signature does not have the children that XML Signature requires.');
  }
  const [signedInfo, signatureValue] = children as [XmlElement, XmlElement];
  const objects = children.filter(({ name }) => name === 'Object');
  const qualifying = objects.flatMap((object) => childElements(object, NS.xades, 'QualifyingProperties'));
  if (qualifying.length > 1) throw malformedXml('A signature has more than one QualifyingProperties.');
  const holders = objects.filter((object) => childElements(object, NS.xades, 'QualifyingProperties').length > 0);
  const keyInfo = children.find(({ name }) => name === 'KeyInfo');
  for (const part of [element, ...holders, ...qualifying, ...(keyInfo ? [keyInfo] : [])]) assertNoText(part);
  const id = attribute(element, 'Id');
  const target = qualifying[0] && attribute(qualifying[0], 'Target');
  if (qualifying[0] && (id === undefined || target !== `#${id}`)) {
    throw malformedXml('The QualifyingProperties of a signature are for another one.');
  }
  return {
    element,
    id,
    signedInfo,
    references: childElements(signedInfo, NS.ds, 'Reference'),
    signatureValue,
    keyInfo,
    objects,
    qualifyingProperties: qualifying[0],
    signedProperties: qualifying[0] && only(qualifying[0], NS.xades, 'SignedProperties'),
    unsignedProperties: qualifying[0] && only(qualifying[0], NS.xades, 'UnsignedProperties'),
  };
}

export function childElements(parent: XmlElement, namespace?: string, name?: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (
    let node: XmlNode | null = parent.firstChild;
    node;
    node = 'next' in node ? (node.next as XmlNode | null) : null
  ) {
    if (!(node instanceof XmlElement)) continue;
    if (namespace !== undefined && (node.namespaceUri !== namespace || node.name !== name)) continue;
    found.push(node);
  }
  return found;
}

/** Text between the parts of a signature is not signed. */
function assertNoText(element: XmlElement): void {
  for (let node = element.firstChild; node; node = node.next) {
    const isText = node instanceof XmlText || node instanceof XmlCData;
    if (isText && /\S/.test(node.content)) throw malformedXml(`The ${element.name} of a signature contains text.`);
  }
}

/** The child of that name, undefined if there is none. */
export function only(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const found = childElements(parent, namespace, name);
  if (found.length > 1) throw malformedXml(`A signature has more than one ${name}.`);
  return found[0];
}

export function required(parent: XmlElement, namespace: string, name: string): XmlElement {
  const found = only(parent, namespace, name);
  if (!found) throw malformedXml(`A signature has no ${name}.`);
  return found;
}

export function attribute(element: XmlElement, name: string): string | undefined {
  return element.attr(name)?.value;
}

export function algorithm(element: XmlElement): string {
  return attribute(element, 'Algorithm') ?? '';
}

export function base64(element: XmlElement): Buffer {
  const text = element.content.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw malformedXml(`The ${element.name} of a signature is not Base64.`);
  return Buffer.from(text, 'base64');
}

/** The canonicalization that a CanonicalizationMethod or Transform names; undefined if it names something else. */
export function readCanonicalization(method: XmlElement | undefined): Canonicalization | undefined {
  const found = C14N[method ? algorithm(method) : DEFAULT_C14N];
  if (!found) return undefined;
  const inclusive = method && only(method, NS.exclusive, 'InclusiveNamespaces');
  const prefixes = inclusive && attribute(inclusive, 'PrefixList')?.split(/\s+/).filter(Boolean);
  return { ...found, ...(prefixes && prefixes.length > 0 && { inclusiveNamespacePrefixes: prefixes }) };
}

export function canonicalize(element: XmlElement, method: XmlElement | undefined): Buffer {
  const options = readCanonicalization(method);
  if (!options) throw unsupported(`The canonicalization "${method && algorithm(method)}" is not supported.`);
  return Buffer.from(element.canonicalizeToString(options));
}

export function malformedXml(message: string): VerificationProblem {
  return new VerificationProblem('invalid', 'malformed-signature', message);
}
