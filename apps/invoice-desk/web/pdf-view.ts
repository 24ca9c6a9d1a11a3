import type * as PdfJs from 'pdfjs-dist';
import { byId } from './element.js';
import { inLanguage, say } from './messages.js';

/** A page as it is on the screen. */
export interface ShownPage {
  number: number;
  /** Pixels per point; both are counted from the upper left corner of the page as it is shown. */
  scale: number;
  /** In points. */
  width: number;
  height: number;
}

const sheetWidth = 560;

/** Shows a PDF, one page at a time. */
export class PdfView {
  page: ShownPage | undefined;
  /** Called after every change of page. */
  onPage: () => void = () => {};
  readonly #canvas = byId<HTMLCanvasElement>('canvas');
  readonly #empty = byId('empty');
  readonly #previous = byId<HTMLButtonElement>('previous');
  readonly #next = byId<HTMLButtonElement>('next');
  #document: PdfJs.PDFDocumentProxy | undefined;
  #unreadable = false;
  /** A later request makes an earlier one stale. */
  #turn = 0;

  constructor() {
    this.#previous.addEventListener('click', () => this.show((this.page?.number ?? 1) - 1));
    this.#next.addEventListener('click', () => this.show((this.page?.number ?? 1) + 1));
    inLanguage(() => this.#label());
  }

  async open(name: string, bytes: Promise<ArrayBuffer>, page = 1): Promise<void> {
    const turn = ++this.#turn;
    byId('preview-name').textContent = name;
    try {
      const pdfjs = await loadPdfJs();
      const task = pdfjs.getDocument({
        data: await bytes,
        cMapUrl: '/pdfjs/cmaps/',
        standardFontDataUrl: '/pdfjs/standard_fonts/',
        // The same on every computer: what stands in for fonts that a PDF names but does not hold.
        useSystemFonts: false,
        iccUrl: '/pdfjs/iccs/',
        // The page's policy allows no WebAssembly; pdf.js has the same decoders in JavaScript.
        wasmUrl: '/pdfjs/wasm/',
        useWasm: false,
      });
      const opened = await task.promise;
      if (turn !== this.#turn) return void opened.loadingTask.destroy();
      await this.#document?.loadingTask.destroy();
      this.#document = opened;
      this.#unreadable = false;
      await this.show(page);
    } catch {
      if (turn === this.#turn) this.#clear(true);
    }
  }

  close(): void {
    this.#turn++;
    byId('preview-name').textContent = '';
    this.#clear(false);
  }

  async show(number: number): Promise<void> {
    const opened = this.#document;
    if (!opened) return;
    const turn = ++this.#turn;
    const page = await opened.getPage(Math.min(Math.max(1, number), opened.numPages));
    const natural = page.getViewport({ scale: 1 });
    const available = Math.min(sheetWidth, byId('sheet').parentElement!.clientWidth - 48);
    const viewport = page.getViewport({ scale: available / natural.width });
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const canvas = this.#canvas;
    if (turn !== this.#turn) return;
    canvas.width = Math.round(viewport.width * density);
    canvas.height = Math.round(viewport.height * density);
    canvas.style.width = `${viewport.width}px`;
    canvas.hidden = false;
    this.#empty.hidden = true;
    this.page = {
      number: page.pageNumber,
      scale: viewport.scale,
      width: natural.width,
      height: natural.height,
    };
    this.#label();
    this.onPage();
    await page.render({ canvas, viewport, ...(density === 1 ? {} : { transform: [density, 0, 0, density, 0, 0] }) })
      .promise;
    canvas.dataset.rendered = `${page.pageNumber}`;
  }

  #clear(unreadable: boolean): void {
    this.#document?.loadingTask.destroy();
    this.#document = undefined;
    this.page = undefined;
    this.#unreadable = unreadable;
    this.#canvas.hidden = true;
    delete this.#canvas.dataset.rendered;
    this.#empty.hidden = false;
    this.#label();
    this.onPage();
  }

  #label(): void {
    const { page } = this;
    const pages = this.#document?.numPages ?? 0;
    this.#empty.textContent = say(this.#unreadable ? 'unreadable' : 'empty');
    byId('page-of').textContent = page ? say('pageOf', { page: page.number, pages }) : '';
    this.#previous.disabled = !page || page.number <= 1;
    this.#next.disabled = !page || page.number >= pages;
    this.#canvas.setAttribute('role', 'img');
    this.#canvas.setAttribute('aria-label', byId('preview-name').textContent);
  }
}

let loaded: Promise<typeof PdfJs> | undefined;

/** From this server, and only when a PDF is to be shown. */
function loadPdfJs(): Promise<typeof PdfJs> {
  const url = '/pdfjs/build/pdf.min.mjs';
  loaded ??= import(url).then((pdfjs: typeof PdfJs) => {
    pdfjs.GlobalWorkerOptions.workerSrc = '/pdfjs/build/pdf.worker.min.mjs';
    return pdfjs;
  });
  return loaded;
}
