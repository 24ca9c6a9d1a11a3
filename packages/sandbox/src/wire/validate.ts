import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { apiErrors } from './api-error.ts';
import { openApiText } from './openapi.ts';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(JSON.parse(openApiText), 'signstash');

/** Throws the API's error for a value that the named schema of `openapi.json` does not allow. */
export function schemaCheck<T>(schema: string): (value: unknown) => T {
  const valid: ValidateFunction<T> = ajv.compile({ $ref: `signstash#/components/schemas/${schema}` });
  return (value) => {
    if (valid(value)) return value;
    throw apiErrors.invalid(describe(valid.errors![0]!));
  };
}

/** Names the place, never the value found there. */
function describe({ instancePath, message, params }: ErrorObject): string {
  const unknown = 'additionalProperty' in params ? `: ${params.additionalProperty}` : '';
  return `${instancePath.slice(1).replaceAll('/', '.') || 'body'} ${message}${unknown}`;
}
