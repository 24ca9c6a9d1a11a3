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
import type { Sending } from './send-options.ts';

/** What became of a reference in this run. */
type Outcome = StoredDocument | { readonly failure: unknown };

/**
 * Signs the documents of all items, several per request, and holds no more than the documents of one request in memory.
 * Where the workflow goes on despite failures, one output item for each document, in the order of the input.
 */
export class SignRun {
  readonly #context: IExecuteFunctions;
  readonly #client: SignStashClient;
  readonly #sending: Sending;
  readonly #outcomes = new Map<string, Outcome>();
  /** Output items by their place: that of their job, or of the item that has none. */
  readonly #outputs: INodeExecutionData[] = [];

  constructor(context: IExecuteFunctions, client: SignStashClient, sending: Sending) {
    this.#context = context;
    this.#client = client;
    this.#sending = sending;
  }

  async run(): Promise<INodeExecutionData[]> {
    const places = await this.#places();
    for (const batch of this.#batches(places)) await this.#sign(batch);
    return this.#outputs;
  }

  /** Every document of every item, at its place in the output; an item that cannot be read takes one place. */
  async #places(): Promise<Place[]> {
    const places: Place[] = [];
    let next = 0;
    for (let item = 0; item < this.#context.getInputData().length; item++) {
      try {
        const jobs = await getJobs(this.#context, item, this.#sending.maxFileBytes);
        for (const job of jobs) places.push({ job, at: next++ });
      } catch (problem) {
        this.#fail(next++, { item }, problem);
      }
    }
    return places;
  }

  /** Documents that may share a request, in order. */
  #batches(places: readonly Place[]): Place[][] {
    const { batchSize, batchBytes } = this.#sending;
    const packers = new Map<string, BatchPacker<Place>>();
    const batches: Place[][] = [];
    for (const place of places) {
      const key = JSON.stringify(place.job.call);
      const packer = packers.get(key) ?? new BatchPacker(batchSize, batchBytes);
      packers.set(key, packer);
      batches.push(...packer.add(place, place.job.file.size));
    }
    for (const packer of packers.values()) batches.push(packer.flush());
    return batches.filter((batch) => batch.length > 0);
  }

  async #sign(batch: readonly Place[]): Promise<void> {
    const signal = this.#context.getExecutionCancelSignal();
    const call: SignOptions = { ...batch[0]?.job.call, signal };
    const first = new Map<string, Place>();
    const documents: PreparedDocument[] = [];
    const twins: [Place, string][] = [];
    for (const place of batch) {
      const document = await this.#check(place, call);
      if (!document) continue;
      const { reference } = document;
      if (!first.has(reference) && !this.#outcomes.has(reference)) {
        first.set(reference, place);
        documents.push(document);
      } else if (place.job.document.reference === undefined) twins.push([place, reference]);
      else this.#fail(place.at, place.job, repeated(document));
    }
    if (documents.length > 0) {
      for (const result of await this.#client.signPrepared(documents, call)) {
        const place = first.get(result.reference) as Place;
        const outcome: Outcome = result.ok
          ? await storeDocument(this.#context, place.job, result)
          : { failure: result.error };
        this.#outcomes.set(result.reference, outcome);
        this.#settle(place, outcome);
      }
    }
    // The same file occurs twice: signed and charged once.
    for (const [place, reference] of twins) this.#settle(place, this.#outcomes.get(reference) as Outcome);
  }

  async #check({ job, at }: Place, call: SignOptions): Promise<PreparedDocument | undefined> {
    try {
      const content = await job.file.read();
      return await this.#client.prepare({ ...job.document, content }, at + 1, call);
    } catch (problem) {
      this.#fail(at, job, problem);
    }
    return undefined;
  }

  #settle({ job, at }: Place, outcome: Outcome): void {
    if ('failure' in outcome) this.#fail(at, job, outcome.failure);
    else this.#outputs[at] = outputItem(job, outcome);
  }

  /** @throws NodeApiError, NodeOperationError - If the workflow should stop. The next run retrieves what is already signed. */
  #fail(at: number, { item, document }: Pick<Job, 'item'> & Partial<Job>, problem: unknown): void {
    if (!this.#context.continueOnFail()) throw nodeError(this.#context, problem, item);
    this.#outputs[at] = failedItem(this.#context, problem, item, document?.reference);
  }
}

interface Place {
  readonly job: Job;
  /** Index in the output. */
  readonly at: number;
}

function repeated({ name, reference }: PreparedDocument): ValidationError {
  const message = `${name}: another document of this run has the same external reference.`;
  return new ValidationError('DUPLICATE_REFERENCE', message, { document: name, references: [reference] });
}
