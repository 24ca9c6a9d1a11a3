import type { X509Certificate } from 'node:crypto';

/** The CN of the certificate's subject. Node writes a subject as one `KEY=value` a line. */
export function commonName(certificate: X509Certificate): string {
  const line = certificate.subject.split('\n').find((entry) => entry.startsWith('CN='));
  if (!line) throw new Error('The seal certificate has no common name');
  return line.slice('CN='.length);
}
