import type { NamingOptions } from '@signstash-connect/core/adapter';
import { SignStashOAuth2Api } from '../../../credentials/SignStashOAuth2Api.credentials.ts';
import { signParameters } from '../actions/sign/parameters.ts';
import { labelsOf } from './parameters.ts';

const credentialLabels = labelsOf(new SignStashOAuth2Api().properties);
const labels: Readonly<Record<string, string>> = {
  ...labelsOf(signParameters),
  ...credentialLabels,
  // Settings of the kit that the node composes of several parameters, or calls differently.
  maxDocumentBytes: 'Max File Size (MB)',
  type: 'Signature Type',
  visiblePosition: 'Page, X and Y',
  visibleSize: 'Width and Height',
};

/** Messages name one setting at a time, since n8n shows a message in one line. */
export const naming: NamingOptions = { nameOf: (setting) => labels[setting], report: 'first' };

/** Whether a label belongs to the credential. */
export const isCredentialLabel = (label: string | undefined): boolean =>
  label !== undefined && Object.values(credentialLabels).includes(label);
