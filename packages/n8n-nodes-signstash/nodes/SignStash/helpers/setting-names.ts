import type { NamingOptions } from '@signstash-connect/core/adapter';

/** The labels of the credential's fields. */
const credentialLabels: Readonly<Record<string, string>> = {
  environment: 'Environment',
  authorizationServer: 'Service Behind the Proxy',
  tokenUrl: 'Token URL',
  apiUrl: 'API URL',
  proxyUrl: 'Proxy URL',
  clientId: 'Client ID',
  clientSecret: 'Client Secret',
  allowInsecureHttp: 'Allow Plain HTTP',
  saasSeesProxyDocuments: 'SaaS Finds Proxy Documents',
};

/** The labels of the node's parameters. */
const parameterLabels: Readonly<Record<string, string>> = {
  timeout: 'Timeout',
  batchSize: 'Batch Size',
  maxDocumentBytes: 'Max File Size (MB)',
  reference: 'External Reference',
  type: 'Signature Type',
  reason: 'Reason',
  location: 'Location',
  visibleText: 'Seal Text',
  visiblePosition: 'Page, X and Y',
  visibleField: 'Signature Field Name',
  visiblePlaceholder: 'Placeholder Text',
  visibleSize: 'Width and Height',
  visibleBackground: 'Background Color',
  visibleFontSize: 'Font Size',
  visibleImage: 'Image Field Name',
  xmlParentElement: 'XML Parent Element',
  xmlTransform: 'XML Transform',
  xmlCanonicalization: 'XML Canonicalization',
  deliveryEmails: 'Send to E-Mail Addresses',
  deliveryAttach: 'Attach Documents',
};

/** Messages name one setting at a time, since n8n shows a message in one line. */
export const naming: NamingOptions = {
  nameOf: (setting) => credentialLabels[setting] ?? parameterLabels[setting],
  report: 'first',
};

/** Whether a label belongs to the credential. */
export const isCredentialLabel = (label: string | undefined): boolean =>
  label !== undefined && Object.values(credentialLabels).includes(label);
