import type { ValidateFunction } from 'ajv/dist/2020.js';
import { servicePaths } from '../endpoints.ts';
import { openApi } from './openapi.ts';
import { newAjv } from './validate.ts';

/** The parts of an answer that the schema describes. */
export interface ServiceAnswer {
  method: string;
  /** Path of the request, without the query. */
  path: string;
  status: number;
  contentType?: string | undefined;
  /** Body as text. Leave it out for bodies that are not JSON. */
  body?: string | undefined;
}

interface DescribedResponse {
  content?: Record<string, { schema?: object }>;
}

const ajv = newAjv();
ajv.addSchema(openApi, 'signstash');
const validators = new Map<object, ValidateFunction>();
const operations = Object.entries(openApi.paths).map(([template, methods]) => ({
  template,
  pattern: new RegExp(`^${template.replace(/\/$/, '').replace(/\{\w+\}/g, '[^/]+')}/*$`),
  methods,
}));

/**
 * Compares an answer with the reconstructed OpenAPI description (`openapi.json`). Use it to prove that a fake service in
 * your tests answers as the documented one does.
 * @returns what does not conform; empty if the answer conforms, or if its path is not described.
 */
export function findSchemaViolations({ method, path, status, contentType, body }: ServiceAnswer): string[] {
  const relative = [servicePaths.api, servicePaths.proxy].reduce((rest, base) => withoutBase(rest, base), path);
  const operation = operations.find(({ pattern }) => pattern.test(relative));
  if (!operation) return [];
  const { responses } = operation.methods[method.toLowerCase()] ?? {};
  const where = `${method} ${operation.template} ${status}`;
  const described = responses?.[status] ?? responses?.default ?? openApi.components.responses.Unexpected;
  const { content } = dereference(described);
  if (!content) return body ? [`${where}: body where none is described`] : [];
  const mediaType = contentType?.split(';')[0]?.trim() ?? '';
  // An answer without a body, such as Spring's 406, has no Content-Type.
  if (!mediaType && !body) {
    const mayBeEmpty = status >= 400 || operation.template.includes('withDocumentExternalReference');
    return mayBeEmpty ? [] : [`${where}: no body`];
  }
  const schema = content[mediaType]?.schema;
  if (!schema) return [`${where}: content type ${mediaType} is not described`];
  if (mediaType !== 'application/json') return [];
  return violations(schema, body ?? '').map((violation) => `${where}: ${violation}`);
}

function violations(schema: object, body: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return ['body is not JSON'];
  }
  let validate = validators.get(schema);
  if (!validate) {
    // References inside the description are resolved against the whole of it.
    const text = JSON.stringify(schema).replaceAll('"#/components', '"signstash#/components');
    validate = ajv.compile(JSON.parse(text) as object);
    validators.set(schema, validate);
  }
  if (validate(value)) return [];
  return validate.errors!.map(({ instancePath, message }) => `${instancePath || 'body'} ${message}`);
}

function withoutBase(path: string, base: string): string {
  return path.startsWith(`${base}/`) ? path.slice(base.length) : path;
}

function dereference(described: unknown): DescribedResponse {
  const { $ref } = described as { $ref?: string };
  const found = $ref ? openApi.components.responses[$ref.split('/').at(-1)!] : described;
  return found as DescribedResponse;
}
