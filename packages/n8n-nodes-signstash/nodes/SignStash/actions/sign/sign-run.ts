import {
  BatchPacker,
  type PreparedDocument,
  type SignOptions,
  type SignStashClient,
  ValidationError,
} from '@signstash-connect/core/client';
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { failedItem, nodeError } from '../../helpers/node-error.ts';
import { getJobs, type Job } from './job.ts';
import { outputItem, type StoredDocument, storeDocument } from './output.ts';
import type { SendOptions } from './send-options.ts';

/** The result of a reference in this run. */
type Outcome = StoredDocument | { readonly error: unknown };

/** A job and the index of its output item. */
type Place = Job & { readonly at: number };

/**
 * Signs the documents of all items, several per request, and holds no more than the documents of one request in memory. If the
 * workflow continues after failures, there is one output item for each document, in the order of the input.
 */
export class SignRun {
  readonly #context: IExecuteFunctions;
  readonly #client: SignStashClient;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #outputs: INodeExecutionData[] = [];

  constructor(context: IExecuteFunctions, client: SignStashClient) {
    this.#context = context;
    this.#client = client;
  }

  async run(options: SendOptions): Promise<INodeExecutionData[]> {
    const places = await this.#places(options.maxFileBytes);
    for (const batch of batches(places, options)) await this.#sign(batch);
    return this.#outputs;
  }

  /** Every document of every item; an item that cannot be read takes one place in the output. */
  async #places(maxFileBytes: number): Promise<Place[]> {
    const places: Place[] = [];
    let at = 0;
    for (let item = 0; item < this.#context.getInputData().length; item++) {
      try {
        for (const job of await getJobs(this.#context, item, maxFileBytes)) places.push({ ...job, at: at++ });
      } catch (error) {
        this.#fail({ at: at++, item }, error);
      }
    }
    return places;
  }

  async #sign(batch: readonly Place[]): Promise<void> {
    const call: SignOptions = { ...batch[0]?.call, signal: this.#context.getExecutionCancelSignal() };
    const first = new Map<string, Place>();
    const documents: PreparedDocument[] = [];
    const repeated: [Place, string][] = [];
    for (const place of batch) {
      const document = await this.#prepare(place, call);
      if (!document) continue;
      const { name, reference } = document;
      if (!first.has(reference) && !this.#outcomes.has(reference)) {
        first.set(reference, place);
        documents.push(document);
      } else if (place.document.reference === undefined) repeated.push([place, reference]);
      else {
        const message = `${name}: another document of this run has the same external reference.`;
        this.#fail(
          place,
          new ValidationError('DUPLICATE_REFERENCE', message, { document: name, references: [reference] }),
        );
      }
    }
    const results = documents.length > 0 ? await this.#client.signPrepared(documents, call) : [];
    for (const result of results) {
      const place = first.get(result.reference) as Place;
      const outcome = result.ok ? await storeDocument(this.#context, place, result) : result;
      this.#outcomes.set(result.reference, outcome);
      this.#report(place, outcome);
    }
    // The same file occurs twice: signed and charged once.
    for (const [place, reference] of repeated) this.#report(place, this.#outcomes.get(reference) as Outcome);
  }

  async #prepare(place: Place, call: SignOptions): Promise<PreparedDocument | undefined> {
    try {
      const content = await place.file.read();
      return await this.#client.prepare({ ...place.document, content }, place.at + 1, call);
    } catch (error) {
      this.#fail(place, error);
      return undefined;
    }
  }

  #report(place: Place, outcome: Outcome): void {
    if ('error' in outcome) this.#fail(place, outcome.error);
    else this.#outputs[place.at] = outputItem(place, outcome);
  }

  /** @throws NodeApiError, NodeOperationError - If the workflow should stop. The next run retrieves what is already signed. */
  #fail({ at, item, document }: Pick<Place, 'at' | 'item'> & Partial<Job>, error: unknown): void {
    if (!this.#context.continueOnFail()) throw nodeError(this.#context, error, item);
    this.#outputs[at] = failedItem(this.#context, error, item, document?.reference);
  }
}

/** Documents that may share a request, in order. */
function batches(places: readonly Place[], { batchSize, batchBytes }: SendOptions): Place[][] {
  const packers = new Map<string, BatchPacker<Place>>();
  const full = places.flatMap((place) => {
    const key = JSON.stringify(place.call);
    const packer = packers.get(key) ?? new BatchPacker(batchSize, batchBytes);
    packers.set(key, packer);
    return packer.add(place, place.file.size);
  });
  return [...full, ...[...packers.values()].map((packer) => packer.flush())].filter(({ length }) => length > 0);
}
