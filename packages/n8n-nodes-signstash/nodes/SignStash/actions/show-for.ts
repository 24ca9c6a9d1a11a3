import type { INodeProperties } from 'n8n-workflow';

/** Shows parameters for one operation only. */
export function showFor(resource: string, operation: string, parameters: INodeProperties[]): INodeProperties[] {
  return parameters.map((parameter) => ({
    ...parameter,
    displayOptions: {
      ...parameter.displayOptions,
      show: { ...parameter.displayOptions?.show, resource: [resource], operation: [operation] },
    },
  }));
}
