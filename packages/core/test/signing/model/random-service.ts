import fc from 'fast-check';
import { NetworkError, TimeoutError } from '../../../src/errors/errors.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/signing/transport.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How the service deals with one sign request. Times in milliseconds. */
export interface SignFate {
  /** Refused, or not delivered, before anything is registered. */
  before:
    | 'accept'
    | 'unreachable'
    | 'lost'
    | 'rate limit'
    | 'rate limit with 409'
    | 'unavailable, Retry-After'
    | 'too large'
    | 'account inactive'
    | 'refuse one, named'
    | 'refuse one'
    | 'refuse all'
    | 'unhandled error';
  /** How long after the client gave up the request arrives; 0: at once. */
  lateMs: number;
  /** How long look-ups do not find it. */
  blindMs: number;
  /** How long it takes to sign. */
  signMs: number;
  result: 'signed' | 'execution failed' | 'one document fails';
  answer:
    | 'complete'
    | 'operation only'
    | 'null list'
    | 'empty list'
    | 'partial list'
    | 'without content'
    | 'dropped'
    | 'timeout'
    | 'truncated'
    | 'web page'
    | 'empty'
    | '504'
    | '500 0.0.1'
    | '500 0.0.5'
    | '503';
}

/** How the service answers one read. */
export type ReadFate =
  | 'answer'
  | 'dropped'
  | 'timeout'
  | '500'
  | '403'
  | '409'
  | 'web page'
  | 'rate limit'
  | 'truncated';

const fates = <T extends string>(usual: T, ...others: T[]) =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: others.length },
    { arbitrary: fc.constantFrom(...others), weight: others.length },
  );

/** Delays around every limit of the client: none, short, about the grace period, about the pending limit, beyond it. */
const delay = (longest: number) =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: longest }));

export const signFate = (longest: number): fc.Arbitrary<SignFate> =>
  fc.record({
    before: fates<SignFate['before']>(
      'accept',
      'unreachable',
      'lost',
      'rate limit',
      'rate limit with 409',
      'unavailable, Retry-After',
      'too large',
      'account inactive',
      'refuse one, named',
      'refuse one',
      'refuse all',
      'unhandled error',
    ),
    lateMs: delay(longest / 3),
    blindMs: delay(longest / 3),
    signMs: delay(longest / 3),
    result: fates<SignFate['result']>('signed', 'execution failed', 'one document fails'),
    answer: fates<SignFate['answer']>(
      'complete',
      'operation only',
      'null list',
      'empty list',
      'partial list',
      'without content',
      'dropped',
      'timeout',
      'truncated',
      'web page',
      'empty',
      '504',
      '500 0.0.1',
      '500 0.0.5',
      '503',
    ),
  });

export const readFate: fc.Arbitrary<ReadFate> = fates<ReadFate>(
  'answer',
  'dropped',
  'timeout',
  '500',
  '403',
  '409',
  'web page',
  'rate limit',
  'truncated',
);

interface Entry {
  readonly reference: string;
  status: 'RECEIVED' | 'SIGNED' | 'ERROR_SIGNING';
}

interface Operation {
  readonly id: number;
  readonly visibleAt: number;
  status: 'PENDING_EXECUTION' | 'EXECUTED' | 'EXECUTION_FAILED';
  readonly entries: Entry[];
}

/** A service that follows the documented table, with everything that may go wrong around it. */
export class RandomService {
  /** How often each reference was signed, and charged. */
  readonly signatures = new Map<string, number>();
  /** References that were signed by a request of a run. */
  readonly signedBy = new Map<number, Set<string>>();
  /** References whose operation id a run has seen, in an answer that can be read. */
  readonly #told = new Map<number, Set<string>>();
  /** Rules that the client broke. */
  readonly violations: string[] = [];
  /** Sign requests of each run, by reference, whether or not they arrived. */
  readonly sent = new Map<number, Set<string>>();
  readonly #time: VirtualTime;
  readonly #unique: boolean;
  readonly #operations = new Map<number, Operation>();
  readonly #byReference = new Map<string, Operation>();
  readonly #requestReferences = new Set<string>();

  /** @param unique - Whether a repeated reference is refused, as documented. */
  constructor(time: VirtualTime, unique: boolean) {
    this.#time = time;
    this.#unique = unique;
  }

  /** The service for one run of the client: scripted outcomes are used in order; after that, everything works. */
  transport(run: number, signFates: readonly SignFate[], readFates: readonly ReadFate[]): Transport {
    const signs = signFates.values();
    const reads = readFates.values();
    this.sent.set(run, new Set());
    this.signedBy.set(run, new Set());
    this.#told.set(run, new Set());
    return {
      send: async (request) => {
        await this.#time.sleep(5, request.signal);
        if (request.endpoint === 'sign') return this.#sign(request, run, signs.next().value ?? allWell);
        return this.#read(request, run, reads.next().value ?? 'answer');
      },
    };
  }

  async #sign(request: TransportRequest, run: number, fate: SignFate): Promise<TransportResponse> {
    if (fate.before === 'unreachable') throw new NetworkError('NETWORK_UNREACHABLE', 'sign: no connection.');
    const { externalReference, references } = await readSignRequest(request);
    for (const reference of references) {
      if (this.#told.get(run)?.has(reference))
        this.violations.push(`${reference} was sent although its operation is known`);
      this.sent.get(run)?.add(reference);
    }
    const said = this.#early(fate, references);
    if (said) return said;
    if (fate.before === 'lost') throw new NetworkError('NETWORK_INTERRUPTED', 'sign: the connection broke.');
    if (fate.lateMs > 0) {
      // A gateway gave up but still delivers the request.
      void this.#time.sleep(fate.lateMs).then(() => this.#register(run, externalReference, references, fate));
      throw new TimeoutError('sign: no complete answer.');
    }
    const operation = this.#register(run, externalReference, references, fate);
    if (!operation) return refusal(409, '0.0.7', 'Already exists');
    return this.#answer(run, operation, fate);
  }

  /** The answer before anything is registered. */
  #early({ before }: SignFate, references: readonly string[]): TransportResponse | undefined {
    switch (before) {
      case 'rate limit':
        return respond(429, '', { 'retry-after': '2' });
      case 'rate limit with 409':
        return refusal(409, null, 'Too many request');
      case 'unavailable, Retry-After':
        return respond(503, '', { 'retry-after': '3' });
      case 'too large':
        return respond(413, '');
      case 'account inactive':
        return refusal(401, '1.1.1', 'Inactive');
      case 'refuse one, named':
        return refusal(500, '0.0.4', 'Too large', `Document ${references[0]}: reason`);
      case 'refuse one':
        return references.includes('doc-0.pdf') ? refusal(500, '2.2.1', 'Visible elements not present') : undefined;
      case 'refuse all':
        return refusal(500, '0.0.6', 'Failed validation');
      case 'unhandled error':
        return refusal(500, '0.0.1', 'Unhandled error');
      default:
        return undefined;
    }
  }

  /** Undefined if the references are taken. */
  #register(
    run: number,
    externalReference: string,
    references: readonly string[],
    { blindMs, signMs, result }: SignFate,
  ): Operation | undefined {
    const taken =
      this.#requestReferences.has(externalReference) ||
      references.some((reference) => this.#byReference.has(reference));
    if (this.#unique && taken) return undefined;
    this.#requestReferences.add(externalReference);
    const operation: Operation = {
      id: this.#operations.size + 1,
      visibleAt: this.#time.now + blindMs,
      status: 'PENDING_EXECUTION',
      entries: references.map((reference) => ({ reference, status: 'RECEIVED' })),
    };
    this.#operations.set(operation.id, operation);
    for (const reference of references) this.#byReference.set(reference, operation);
    const execute = () => {
      operation.status = result === 'execution failed' ? 'EXECUTION_FAILED' : 'EXECUTED';
      for (const [index, entry] of operation.entries.entries()) {
        const failed = result === 'execution failed' || (result === 'one document fails' && index === 0);
        entry.status = failed ? 'ERROR_SIGNING' : 'SIGNED';
        if (failed) continue;
        this.signatures.set(entry.reference, (this.signatures.get(entry.reference) ?? 0) + 1);
        this.signedBy.get(run)?.add(entry.reference);
      }
    };
    if (signMs === 0) execute();
    else void this.#time.sleep(signMs).then(execute);
    return operation;
  }

  #answer(run: number, operation: Operation, { answer }: SignFate): TransportResponse {
    const whole = JSON.stringify(this.#view(operation, true));
    const head = { id: operation.id, status: operation.status };
    switch (answer) {
      case 'dropped':
        throw new NetworkError('NETWORK_INTERRUPTED', 'sign: the connection broke.');
      case 'timeout':
        throw new TimeoutError('sign: no complete answer.');
      case 'truncated':
        return respond(200, whole.slice(0, whole.length / 2));
      case 'web page':
        return respond(200, '<html><title>Gateway</title></html>');
      case 'empty':
        return respond(200, '');
      case '504':
        return respond(504, '<html><title>Gateway Timeout</title></html>');
      case '500 0.0.1':
        return refusal(500, '0.0.1', 'Unhandled error');
      case '500 0.0.5':
        return refusal(500, '0.0.5', 'E-mail could not be sent');
      case '503':
        return respond(503, '');
    }
    for (const { reference } of operation.entries) this.#told.get(run)?.add(reference);
    switch (answer) {
      case 'operation only':
        return respond(200, JSON.stringify(head));
      case 'null list':
        return respond(200, JSON.stringify({ ...head, documentList: null }));
      case 'empty list':
        return respond(200, JSON.stringify({ ...head, documentList: [] }));
      case 'partial list':
        return respond(
          200,
          JSON.stringify({ ...head, documentList: this.#view(operation, true).documentList.slice(1) }),
        );
      case 'without content':
        return respond(200, JSON.stringify(this.#view(operation, false)));
      case 'complete':
        return respond(200, whole);
    }
  }

  #read({ endpoint, url, signal }: TransportRequest, run: number, fate: ReadFate): TransportResponse {
    signal?.throwIfAborted();
    switch (fate) {
      case 'dropped':
        throw new NetworkError('NETWORK_INTERRUPTED', `${endpoint}: the connection broke.`);
      case 'timeout':
        throw new TimeoutError(`${endpoint}: no complete answer.`);
      case '500':
        return refusal(500, '0.0.1', 'Unhandled error');
      case '403':
        return refusal(403, null, 'Forbidden');
      case '409':
        return refusal(409, null, 'Conflict');
      case 'web page':
        return respond(200, '<html><title>Log in</title></html>');
      case 'rate limit':
        return respond(429, '', { 'retry-after': '1' });
      case 'truncated':
        if (endpoint !== 'operationId') return respond(200, '{"id":');
    }
    const last = decodeURIComponent(url.split('/').at(-1) ?? '');
    if (endpoint === 'operationId') {
      const operation = this.#byReference.get(last);
      if (!operation || operation.visibleAt > this.#time.now) return respond(404, '{}');
      this.#told.get(run)?.add(last);
      return respond(200, String(operation.id));
    }
    const [, id] = /(?:status|detail)\/(\d+)/.exec(url) ?? [];
    const operation = this.#operations.get(Number(id));
    if (!operation) return respond(404, '{}');
    if (endpoint === 'status') return respond(200, JSON.stringify({ id: operation.id, status: operation.status }));
    return respond(200, JSON.stringify(this.#view(operation, url.endsWith('/true'))));
  }

  #view({ id, status, entries }: Operation, withContent: boolean) {
    const documentList = entries.map((entry) => ({
      externalReference: entry.reference,
      signStatus: entry.status,
      ...(withContent && entry.status === 'SIGNED' ? { signedContent: contentOf(entry.reference) } : {}),
    }));
    return { id, status, documentList };
  }
}

/** What a signed document consists of, in base64. */
export const contentOf = (reference: string) => Buffer.from(`signed ${reference}`).toString('base64');

const allWell: SignFate = { before: 'accept', lateMs: 0, blindMs: 0, signMs: 0, result: 'signed', answer: 'complete' };

async function readSignRequest({
  body,
}: TransportRequest): Promise<{ externalReference: string; references: string[] }> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body?.read() ?? []) chunks.push(chunk.slice());
  const { externalReference, documents } = JSON.parse(Buffer.concat(chunks).toString()) as {
    externalReference: string;
    documents: { documentRequest: { externalReference: string } }[];
  };
  return { externalReference, references: documents.map(({ documentRequest }) => documentRequest.externalReference) };
}

function refusal(status: number, errorCode: string | null, description: string, causeMessage?: string) {
  return respond(status, JSON.stringify({ errorCode, errorCodeDescription: description, causeMessage }));
}

function respond(status: number, text: string, headers: Record<string, string> = {}): TransportResponse {
  return {
    status,
    headers,
    body: (async function* () {
      if (text !== '') yield Buffer.from(text);
    })(),
  };
}
