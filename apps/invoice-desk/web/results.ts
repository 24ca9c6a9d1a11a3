import { ApiError, type BatchView, batchUrl, type DocumentView, documentUrl, get, type Quota } from './api.js';
import { byId, element } from './element.js';
import { MailDialog } from './mail-dialog.js';
import { inLanguage, messages, say, sayDate, sayError, sayNumber } from './messages.js';

/** Milliseconds between two requests for the batch. */
const pollMs = 400;

/** The results of the documents of a batch. */
export class Results {
  /** Called to view a signed document. */
  onView: (url: string, name: string) => void = () => {};
  readonly #mail = new MailDialog();
  #batch: BatchView | undefined;
  #quota: Quota | undefined;
  #errorCode: string | undefined;
  #sent = 0;

  constructor() {
    inLanguage(() => this.#render());
  }

  /** The documents are on their way; `share` is 0 to 1. */
  showUpload(share: number): void {
    this.#sent = share;
    this.#render();
  }

  clear(): void {
    this.#batch = undefined;
    this.#quota = undefined;
    this.#errorCode = undefined;
    this.#sent = 0;
    this.#render();
  }

  /** Follows a batch to its end. */
  async watch(batch: BatchView): Promise<void> {
    this.#batch = batch;
    this.#render();
    for (let seen = batch; seen.done < seen.total; ) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      const latest = await this.#refresh(batch);
      if (latest === 'gone') return;
      seen = latest;
    }
    const first = this.#batch.documents.find(({ state }) => state === 'signed');
    if (!first) return;
    this.#view(first);
    this.#quota = await get<Quota>(`${batchUrl(batch.id)}/quota`).catch(() => undefined);
    this.#render();
  }

  /** `gone`: removed at the desk, or no longer what the page shows. */
  async #refresh({ id, duplicates = [] }: BatchView): Promise<BatchView | 'gone'> {
    const seen = await get<BatchView>(batchUrl(id)).catch((error) =>
      error instanceof ApiError ? error.code : 'unknown',
    );
    if (this.#batch?.id !== id) return 'gone';
    // The desk may be reachable again soon; documents that it signs meanwhile are kept.
    this.#errorCode = typeof seen === 'string' ? seen : undefined;
    if (typeof seen !== 'string') this.#batch = { ...seen, duplicates };
    this.#render();
    return this.#errorCode === 'BATCH_UNKNOWN' ? 'gone' : this.#batch;
  }

  #view({ id, name }: DocumentView): void {
    if (this.#batch) this.onView(documentUrl(this.#batch.id, id), name);
  }

  #render(): void {
    const batch = this.#batch;
    const documents = batch?.documents ?? [];
    const signed = documents.filter(({ state }) => state === 'signed').length;
    const finished = batch !== undefined && batch.done === batch.total;
    const progress = byId<HTMLProgressElement>('progress');
    progress.max = batch?.total ?? 1;
    progress.value = batch?.done ?? this.#sent;
    setText('progress-text', this.#summary(signed));
    const duplicates = batch?.duplicates ?? [];
    byId('duplicates').hidden = duplicates.length === 0;
    setText('duplicates', say('duplicates', { names: duplicates.join(', ') }));
    this.#renderDocuments(documents);
    const all = byId<HTMLAnchorElement>('download-all');
    all.hidden = !finished || signed < 2;
    all.href = batch ? `${batchUrl(batch.id)}/documents.zip` : '#';
    byId('again').hidden = !finished && this.#errorCode === undefined;
    this.#renderQuota();
  }

  #summary(signed: number): string {
    const batch = this.#batch;
    if (this.#errorCode) return sayError(this.#errorCode);
    if (!batch) return say('uploading', { percent: Math.round(this.#sent * 100) });
    const { done, total } = batch;
    if (done < total) return say('progress', { done, total });
    if (signed < total) return say('someFailed', { signed, total, failed: total - signed });
    return total === 1 ? say('oneSigned') : say('allSigned', { total });
  }

  /** Row by row, and only those that changed: whoever has the focus in a row keeps it. */
  #renderDocuments(documents: readonly DocumentView[]): void {
    const list = byId('document-list');
    const rows = documents.map((document) => {
      const face = `${document.id} ${document.state} ${globalThis.document.documentElement.lang}`;
      const shown = [...list.children].find((row) => (row as HTMLElement).dataset.face === face);
      return shown ?? this.#row(document, face);
    });
    if (rows.length !== list.children.length || rows.some((row, index) => row !== list.children[index])) {
      list.replaceChildren(...rows);
    }
  }

  #row(document: DocumentView, face: string): HTMLElement {
    const { name, state, result } = document;
    const row = element('li', { attributes: { 'data-face': face } }, [
      element('span', { className: 'name', text: name }),
      element('span', { className: `state ${state}`, text: stateText(document) }),
    ]);
    if (result && !result.ok)
      row.append(element('span', { className: 'hint', text: say('errorCode', { code: result.code }) }));
    if (result?.ok) {
      const text = messages().badges[result.verdict] ?? result.verdict;
      row.append(element('span', { className: `badge ${result.verdict}`, text }));
    }
    if (result?.ok && this.#batch) row.append(this.#actions(document, documentUrl(this.#batch.id, document.id)));
    return row;
  }

  #actions(document: DocumentView, url: string): HTMLElement {
    const { name } = document;
    const quiet = (text: string, label: string, onClick: () => void) =>
      element('button', { className: 'quiet', text, attributes: { type: 'button', 'aria-label': label }, onClick });
    return element('span', { className: 'row-actions' }, [
      quiet(say('view'), say('viewOf', { name }), () => this.#view(document)),
      element('a', {
        className: 'button quiet',
        text: say('download'),
        attributes: { href: url, download: '', 'aria-label': say('downloadOf', { name }) },
      }),
      quiet(say('mail'), say('mailOf', { name }), () => this.#mail.open(url, name)),
    ]);
  }

  #renderQuota(): void {
    const { limit, used, periodEnd } = this.#quota ?? {};
    const known = limit !== undefined && used !== undefined && limit > 0;
    byId('quota').hidden = !known;
    if (!known) return;
    const values = { used: sayNumber(used), limit: sayNumber(limit), date: periodEnd ? sayDate(periodEnd) : '' };
    setText('quota-text', say(periodEnd ? 'quotaUntil' : 'quota', values));
    const meter = byId<HTMLMeterElement>('quota-meter');
    meter.max = limit;
    meter.value = used;
    meter.high = limit * 0.9;
  }
}

function stateText({ state, result }: DocumentView): string {
  if (result && !result.ok) return sayError(result.code, result.family);
  return say(result?.recovered ? 'recovered' : state);
}

/** Only where it differs, so that a screen reader says it once. */
function setText(id: string, text: string): void {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}
