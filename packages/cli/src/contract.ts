import { createRequire } from 'node:module';

/** `missing` and `changed` concern what is used; `added` is new and ignored. */
export interface ContractDifference {
  kind: 'missing' | 'changed' | 'added';
  /** Such as `POST /api/v0/document/sign/ request.documentList[].name`. */
  where: string;
  detail: string;
}

type Json = { readonly [key: string]: unknown };

/** Schemas refer to each other in circles. */
const maxDepth = 12;

/**
 * Compares a definition, OpenAPI 3 or Swagger 2, with the one that is assumed: the operations that are called, with the fields and
 * values of their requests and answers.
 *
 * @throws `TypeError` if it is not a definition.
 */
export function compareContract(served: unknown): ContractDifference[] {
  const assumed = createRequire(import.meta.url)('@signstash-connect/sandbox/openapi.json') as Json;
  if (!isObject(served) || !isObject(served.paths)) throw new TypeError('it is not an OpenAPI definition');
  const [ours, theirs] = [operations(assumed), operations(served)];
  const differences: ContractDifference[] = [];
  for (const [name, operation] of ours) {
    // Tokens are issued by the authorization server, which has another definition.
    if (name.includes('/oauth/token')) continue;
    const other = theirs.get(name);
    if (!other) {
      differences.push({ kind: 'missing', where: name, detail: 'the operation does not exist' });
      continue;
    }
    const compare = new SchemaComparison(assumed, served, differences);
    compare.run(`${name} request`, requestSchema(assumed, operation), requestSchema(served, other));
    compare.run(`${name} answer`, answerSchema(assumed, operation), answerSchema(served, other));
  }
  for (const name of theirs.keys()) {
    if (!ours.has(name)) differences.push({ kind: 'added', where: name, detail: 'a new operation' });
  }
  return differences;
}

class SchemaComparison {
  readonly #assumed: Json;
  readonly #served: Json;
  readonly #differences: ContractDifference[];

  constructor(assumed: Json, served: Json, differences: ContractDifference[]) {
    this.#assumed = assumed;
    this.#served = served;
    this.#differences = differences;
  }

  run(where: string, ours: unknown, theirs: unknown, depth = 0): void {
    const [a, b] = [flatten(this.#assumed, ours), flatten(this.#served, theirs)];
    // A definition that leaves a schema out says nothing about it.
    if (!a || !b || depth > maxDepth) return;
    if (a.type && b.type && a.type !== b.type) this.#add('changed', where, `${b.type} instead of ${a.type}`);
    this.#compareValues(where, a.values, b.values);
    for (const name of a.required) {
      if (b.properties.size > 0 && !b.properties.has(name))
        this.#add('missing', `${where}.${name}`, 'the field is required here');
    }
    for (const name of b.required) {
      if (!a.required.has(name)) this.#add('changed', `${where}.${name}`, 'the field is required there');
    }
    for (const [name, schema] of a.properties) {
      const other = b.properties.get(name);
      if (other !== undefined) this.run(`${where}.${name}`, schema, other, depth + 1);
      else if (b.properties.size > 0 && !a.required.has(name))
        this.#add('missing', `${where}.${name}`, 'the field does not exist');
    }
    for (const name of b.properties.keys()) {
      if (a.properties.size > 0 && !a.properties.has(name)) this.#add('added', `${where}.${name}`, 'a new field');
    }
    if (a.items !== undefined && b.items !== undefined) this.run(`${where}[]`, a.items, b.items, depth + 1);
  }

  #compareValues(where: string, ours: readonly unknown[], theirs: readonly unknown[]): void {
    if (ours.length === 0 || theirs.length === 0) return;
    for (const value of ours.filter((one) => !theirs.includes(one))) this.#add('missing', where, `no value ${value}`);
    for (const value of theirs.filter((one) => !ours.includes(one))) this.#add('added', where, `a new value ${value}`);
  }

  #add(kind: ContractDifference['kind'], where: string, detail: string): void {
    this.#differences.push({ kind, where, detail });
  }
}

/** `POST /api/v0/…` without the base path, the names of parameters, and a slash at the end. */
function operations(definition: Json): Map<string, Json> {
  const found = new Map<string, Json>();
  for (const [path, item] of entries(definition.paths)) {
    for (const [method, operation] of entries(item)) {
      if (!['get', 'post', 'put', 'patch', 'delete'].includes(method) || !isObject(operation)) continue;
      const name = path
        .replace(/^.*(?=\/api\/v\d)/, '')
        .replace(/\{[^}]*\}/g, '{}')
        .replace(/\/$/, '');
      found.set(`${method.toUpperCase()} ${name}`, operation);
    }
  }
  return found;
}

function requestSchema(definition: Json, operation: Json): unknown {
  const body = dereference(definition, operation.requestBody);
  if (body) return contentSchema(body.content);
  const parameters = Array.isArray(operation.parameters) ? operation.parameters : [];
  return parameters.find((parameter) => isObject(parameter) && parameter.in === 'body')?.schema;
}

function answerSchema(definition: Json, operation: Json): unknown {
  const answers = isObject(operation.responses) ? operation.responses : {};
  const answer = dereference(definition, answers['200'] ?? answers['201'] ?? answers.default);
  return answer?.schema ?? contentSchema(answer?.content);
}

const contentSchema = (content: unknown) =>
  entries(content).map(([, media]) => (isObject(media) ? media.schema : undefined))[0];

/** A schema with its references followed and its parts merged. */
function flatten(definition: Json, schema: unknown) {
  const found = dereference(definition, schema);
  if (!found) return undefined;
  const parts = Array.isArray(found.allOf) ? found.allOf.map((part) => flatten(definition, part)) : [];
  const types = (Array.isArray(found.type) ? found.type : [found.type]).filter((type) => type !== 'null');
  const result = {
    type: types[0] as string | undefined,
    values: Array.isArray(found.enum) ? found.enum.filter((value) => value !== null) : [],
    required: new Set<string>(Array.isArray(found.required) ? found.required : []),
    properties: new Map<string, unknown>(entries(found.properties)),
    items: found.items,
  };
  for (const part of parts) {
    if (!part) continue;
    result.type ??= part.type;
    for (const name of part.required) result.required.add(name);
    for (const [name, property] of part.properties) result.properties.set(name, property);
  }
  return result;
}

function dereference(definition: Json, value: unknown): Json | undefined {
  let found = value;
  for (let hops = 0; isObject(found) && typeof found.$ref === 'string' && hops < maxDepth; hops++) {
    const path = found.$ref.replace(/^#\//, '').split('/');
    found = path.reduce<unknown>((at, key) => (isObject(at) ? at[decodeURIComponent(key)] : undefined), definition);
  }
  return isObject(found) ? found : undefined;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const entries = (value: unknown): [string, unknown][] => (isObject(value) ? Object.entries(value) : []);
