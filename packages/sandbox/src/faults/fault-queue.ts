import { type EndpointName, endpointNames, type ServiceName } from '../endpoints.ts';
import type { DocumentErrorFault, Fault, FaultKind, FaultPhase, OutcomeFault, TransportFault } from './fault.ts';

/** Phases each transport fault can strike in; the first is its default. */
const transportPhases: Record<TransportFault['kind'], readonly FaultPhase[]> = {
  latency: ['before', 'processing', 'after'],
  unauthorized: ['before'],
  'rate-limit': ['before'],
  'server-error': ['before', 'processing', 'after'],
  drop: ['before', 'processing', 'after'],
  truncate: ['after'],
  html: ['before', 'processing', 'after'],
  empty: ['after', 'before', 'processing'],
  reject: ['before'],
  quota: ['before'],
};
const outcomeKinds: readonly FaultKind[] = ['execution-error', 'pending', 'execution-failed'];
const signEndpoints: readonly string[] = ['sign', 'signMultipart', 'any'];

/** The request a fault may strike. */
export interface FaultTarget {
  endpoint: EndpointName;
  service: ServiceName;
}

/** Faults waiting for their requests, oldest first. */
export class FaultQueue {
  #waiting: { fault: Fault; left: number }[] = [];

  add(...faults: Fault[]): void {
    faults.forEach(assertFault);
    this.#waiting.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The fault that strikes this request at this moment, if any. */
  takeTransport(target: FaultTarget, phase: FaultPhase): TransportFault | undefined {
    return this.#take(target, (fault) => isTransport(fault) && phaseOf(fault) === phase) as TransportFault | undefined;
  }

  takeOutcome(target: FaultTarget): OutcomeFault | undefined {
    return this.#take(target, (fault) => outcomeKinds.includes(fault.kind)) as OutcomeFault | undefined;
  }

  takeDocumentError(target: FaultTarget, reference: string): DocumentErrorFault | undefined {
    return this.#take(
      target,
      (fault) => fault.kind === 'document-error' && (fault.reference ?? reference) === reference,
    ) as DocumentErrorFault | undefined;
  }

  #take(target: FaultTarget, fits: (fault: Fault) => boolean): Fault | undefined {
    const hit = this.#waiting.find(({ fault }) => concerns(fault, target) && fits(fault));
    if (!hit) return undefined;
    hit.left -= 1;
    if (hit.left <= 0) this.#waiting = this.#waiting.filter((waiting) => waiting !== hit);
    return hit.fault;
  }
}

function concerns(fault: Fault, { endpoint, service }: FaultTarget): boolean {
  const wanted = fault.endpoint ?? 'any';
  if (fault.kind === 'quota' && !signEndpoints.includes(endpoint)) return false;
  return (wanted === 'any' || wanted === endpoint) && (fault.service ?? service) === service;
}

function isTransport(fault: Fault): fault is TransportFault {
  return fault.kind in transportPhases;
}

function phaseOf(fault: TransportFault): FaultPhase {
  return ('phase' in fault ? fault.phase : undefined) ?? transportPhases[fault.kind][0]!;
}

/** A misspelt fault would never strike and its test would pass for nothing: refuse it. */
function assertFault(fault: Fault): void {
  const { kind, endpoint = 'any', service = 'saas', times = 1 } = fault;
  const known = kind in transportPhases || kind === 'document-error' || outcomeKinds.includes(kind);
  if (!known) throw new TypeError(`Unknown kind of fault: ${kind}`);
  if (endpoint !== 'any' && !endpointNames.includes(endpoint)) throw new TypeError(`Unknown endpoint: ${endpoint}`);
  if (service !== 'saas' && service !== 'proxy') throw new TypeError(`Unknown service: ${service}`);
  if (!Number.isInteger(times) || times < 1) throw new TypeError(`times must be a whole number from 1, not ${times}`);
  if (kind === 'latency' && !(fault.delayMs >= 0)) throw new TypeError('A latency fault needs delayMs');
  const phase = isTransport(fault) ? phaseOf(fault) : 'processing';
  if (isTransport(fault) && !transportPhases[fault.kind].includes(phase)) {
    throw new TypeError(`A fault of kind ${kind} cannot strike in phase ${phase}`);
  }
  if (phase === 'processing' && !signEndpoints.includes(endpoint)) {
    throw new TypeError(`Only sign requests are processed: a fault at ${endpoint} cannot strike in phase processing`);
  }
  if (kind === 'quota' && !signEndpoints.includes(endpoint)) throw new TypeError('Only sign requests meet the quota');
}
