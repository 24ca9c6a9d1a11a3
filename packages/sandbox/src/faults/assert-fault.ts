import { endpointNames } from '../endpoints.ts';
import type { Fault } from './fault.ts';
import { type FaultKindDescription, faultCatalog, faultKinds, phaseOf } from './fault-catalog.ts';

const scopeSettings = ['kind', 'endpoint', 'service', 'times'];
const endpointsByReach = {
  any: ['any', ...endpointNames],
  sign: ['any', 'sign', 'signMultipart'],
  documents: ['any', 'sign', 'signMultipart', 'detail', 'documents'],
} as const;
const requiredSettings = ['delayMs', 'limit', 'as', 'reference'];

/** Throws for a fault that could never apply: a test that adds it would pass without testing anything. */
export function assertFault(fault: Fault): void {
  const description: FaultKindDescription | undefined = faultCatalog[fault?.kind];
  if (!description) throw new TypeError(`Unknown kind of fault: ${fault?.kind}. Kinds: ${faultKinds.join(', ')}`);
  assertScope(fault, description);
  assertSettings(fault, description);
}

function assertScope(fault: Fault, { endpoints, phases }: FaultKindDescription): void {
  const { kind, endpoint = 'any', service = 'saas', times = 1 } = fault;
  if (!(endpointsByReach.any as readonly string[]).includes(endpoint)) {
    throw new TypeError(`Unknown endpoint: ${endpoint}. Endpoints: ${endpointsByReach.any.join(', ')}`);
  }
  if (!(endpointsByReach[endpoints] as readonly string[]).includes(endpoint)) {
    throw new TypeError(`A fault of kind ${kind} cannot apply to endpoint ${endpoint}`);
  }
  if (service !== 'saas' && service !== 'proxy') throw new TypeError(`Unknown service: ${service}`);
  if (!Number.isInteger(times) || times < 1) throw new TypeError(`times must be a whole number from 1, not ${times}`);
  const phase = phaseOf(fault);
  if (phase && !phases?.includes(phase)) throw new TypeError(`A fault of kind ${kind} cannot apply in phase ${phase}`);
  if (phase === 'processing' && !(endpointsByReach.sign as readonly string[]).includes(endpoint)) {
    throw new TypeError(`Only sign requests are processed: a fault at ${endpoint} cannot apply in phase processing`);
  }
}

function assertSettings(fault: Fault, { settings, phases }: FaultKindDescription): void {
  const known = [...scopeSettings, ...(phases ? ['phase'] : []), ...Object.keys(settings)];
  const unknown = Object.keys(fault).find((setting) => !known.includes(setting));
  if (unknown)
    throw new TypeError(`A fault of kind ${fault.kind} has no setting ${unknown}. Settings: ${known.join(', ')}`);
  const values = fault as unknown as Record<string, unknown>;
  for (const name of requiredSettings) {
    if (settings[name]?.includes('required') && values[name] === undefined) {
      throw new TypeError(`A fault of kind ${fault.kind} needs ${name}`);
    }
  }
  for (const name of ['delayMs', 'limit']) {
    if (name in values && values[name] !== undefined && !(Number(values[name]) >= 0)) {
      throw new TypeError(`${name} must be a number from 0`);
    }
  }
}
