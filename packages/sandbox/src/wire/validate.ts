import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type ApiError, apiErrors } from './api-error.ts';
import { openApi } from './openapi.ts';

/** Longest attribute taken; the real limits are unknown. */
const maxAttributeLength = 4000;

const lenient = newAjv();
const strict = newAjv();
lenient.addSchema(openApi, 'signstash');
strict.addSchema(withoutUnknownFields(openApi), 'signstash');

export function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  return ajv;
}

/**
 * Throws the API's error for a request that the named schema of `openapi.json` does not allow. Explicit nulls count as
 * missing. Unknown fields are refused too, to catch misspelt ones, unless `unknownFields` is `ignore`.
 */
export function schemaCheck<T>(schema: string): (value: unknown, unknownFields: 'refuse' | 'ignore') => T {
  const validators = { refuse: compile<T>(strict, schema), ignore: compile<T>(lenient, schema) };
  return (value, unknownFields) => {
    const given = withoutNulls(value);
    const valid = validators[unknownFields];
    if (!valid(given)) throw refusal(valid.errors![0]!);
    refuseLongAttributes(given, '');
    return given;
  };
}

function compile<T>(ajv: Ajv2020, schema: string): ValidateFunction<T> {
  return ajv.compile({ $ref: `signstash#/components/schemas/${schema}` });
}

/** Names the place, never the value found there. */
function refusal({ instancePath, keyword, message, params }: ErrorObject): ApiError {
  const unknown = 'additionalProperty' in params ? `: ${params.additionalProperty}` : '';
  const cause = `${dotted(instancePath) || 'body'} ${message}${unknown}`;
  return keyword === 'required' ? apiErrors.missing(cause) : apiErrors.invalid(cause);
}

function dotted(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
}

function refuseLongAttributes(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.length > maxAttributeLength && !/(Content|Value)$/.test(path)) throw apiErrors.tooLong(path.slice(1));
  } else if (value && typeof value === 'object') {
    const isArray = Array.isArray(value);
    for (const [key, item] of Object.entries(value))
      refuseLongAttributes(item, path + (isArray ? `[${key}]` : `.${key}`));
  }
}

/** Real clients send explicit nulls for fields they do not use. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!value || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

/** The description with every object schema closed to properties that it does not list. */
function withoutUnknownFields<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema), (_key, node) =>
    node?.type === 'object' && node.properties ? { ...node, additionalProperties: false } : node,
  );
}
