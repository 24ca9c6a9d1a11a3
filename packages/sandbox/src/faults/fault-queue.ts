import type { EndpointName, ServiceName } from '../endpoints.ts';
import { assertFault } from './assert-fault.ts';
import type { Fault, FaultKind, FaultOf, FaultPhase, OutcomeFault, TransportFault } from './fault.ts';
import { faultCatalog, phaseOf } from './fault-catalog.ts';

/** The request a fault may apply to. */
export interface FaultTarget {
  endpoint: EndpointName;
  service: ServiceName;
}

const signEndpoints: readonly EndpointName[] = ['sign', 'signMultipart'];
const listingEndpoints: readonly EndpointName[] = [...signEndpoints, 'detail', 'documents'];

/** Faults waiting for their requests, oldest first. */
export class FaultQueue {
  #waiting: { fault: Fault; left: number }[] = [];

  add(...faults: Fault[]): void {
    faults.forEach(assertFault);
    this.#waiting.push(
      ...faults.map((fault) => ({
        fault,
        left: fault.times ?? (faultCatalog[fault.kind].standing ? Number.POSITIVE_INFINITY : 1),
      })),
    );
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The faults that still wait, without their remaining number of times. */
  waiting(): Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  isWaiting(kind: FaultKind): boolean {
    return this.#waiting.some(({ fault }) => fault.kind === kind);
  }

  /** The fault that applies to this request at this moment, if any. */
  takeTransport(target: FaultTarget, phase: FaultPhase): TransportFault | undefined {
    return this.#take(target, (fault) => phaseOf(fault) === phase) as TransportFault | undefined;
  }

  takeOutcome(target: FaultTarget): OutcomeFault | undefined {
    const fits = ({ kind }: Fault) => kind === 'execution-error' || kind === 'pending' || kind === 'execution-failed';
    return this.#take(target, fits) as OutcomeFault | undefined;
  }

  takeKind<Kind extends FaultKind>(target: FaultTarget, kind: Kind): FaultOf<Kind> | undefined {
    return this.#take(target, (fault) => fault.kind === kind) as FaultOf<Kind> | undefined;
  }

  /** For the kinds that choose a document: one without a `reference` fits any document. */
  takeForDocument<Kind extends FaultKind>(
    target: FaultTarget,
    kind: Kind,
    reference: string,
  ): FaultOf<Kind> | undefined {
    const fits = (fault: Fault) =>
      fault.kind === kind && (('reference' in fault && fault.reference) || reference) === reference;
    return this.#take(target, fits) as FaultOf<Kind> | undefined;
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
  const { endpoints } = faultCatalog[fault.kind];
  if (endpoints === 'sign' && !signEndpoints.includes(endpoint)) return false;
  if (endpoints === 'documents' && !listingEndpoints.includes(endpoint)) return false;
  return (wanted === 'any' || wanted === endpoint) && (fault.service ?? service) === service;
}
