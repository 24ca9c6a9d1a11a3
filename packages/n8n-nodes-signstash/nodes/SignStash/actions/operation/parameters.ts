import { ValidationError } from '@signstash-connect/core/client';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

export const operationIdParameter: INodeProperties = {
  displayName: 'Operation ID',
  name: 'operationId',
  type: 'string',
  default: '',
  required: true,
  placeholder: 'e.g. 1000001',
  description: 'Number of the operation, as Document > Sign returns it',
};

export const simplifyParameter: INodeProperties = {
  displayName: 'Simplify',
  name: 'simplify',
  type: 'boolean',
  default: true,
  description: 'Whether to return a simplified version of the response instead of the raw data',
};

export const queryOptions: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add option',
  default: {},
  options: [
    {
      displayName: 'Timeout (Seconds)',
      name: 'timeout',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 60,
      description: 'How long to wait for one response of the service',
    },
  ],
};

/** An int64, so text: as a number it could lose its last digits. */
export function operationId(context: IExecuteFunctions, item: number): string {
  const id = String(context.getNodeParameter('operationId', item)).trim();
  if (/^\d{1,19}$/.test(id)) return id;
  throw new ValidationError(
    'REFERENCE_INVALID',
    `The Operation ID ${JSON.stringify(id.slice(0, 60))} is not a number.`,
    {
      hint: 'Use the operationId that Document > Sign returned, or find the operation with Get by Document Reference.',
    },
  );
}
