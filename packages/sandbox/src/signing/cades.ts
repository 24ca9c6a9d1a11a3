import type { Authority } from './certificate-store.ts';
import { sha256, signCms, toDer } from './cms.ts';
import { signatureTimestamp } from './timestamp.ts';

/**
 * Signs any bytes as CAdES. How Sign'Stash answers is not public; the sandbox gives an enveloping (attached)
 * signature, `.p7m`: the answer then stands for the document as it does for PDF and XML.
 */
export function signCades(authority: Authority, content: Uint8Array, options: { timestamp: boolean }): Buffer {
  const cms = signCms({
    signer: authority.signer,
    chain: [authority.caCertificate],
    contentDigest: sha256(content),
    content,
    unsignedAttributes: (signature) => (options.timestamp ? [signatureTimestamp(authority, signature)] : []),
  });
  return toDer(cms);
}
