import { byId } from './element.js';
import { inLanguage, say } from './messages.js';
import type { PdfView } from './pdf-view.js';
import type { SignForm } from './sign-form.js';

const steps: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * The visible seal on the preview: placed by a click, dragged, moved by arrow keys or by the form's numbers. As in the API, x and y
 * are in points from the upper left corner of the page to the upper left corner of the seal.
 */
export class SealMark {
  readonly #view: PdfView;
  readonly #form: SignForm;
  readonly #mark = byId<HTMLButtonElement>('mark');
  #enabled = true;

  constructor(view: PdfView, form: SignForm) {
    this.#view = view;
    this.#form = form;
    form.onPlace = () => this.#follow();
    view.onPage = () => this.draw();
    byId('canvas').addEventListener('click', ({ offsetX, offsetY }) => this.#centreAt(offsetX, offsetY));
    this.#mark.addEventListener('keydown', (event) => this.#onKey(event));
    this.#mark.addEventListener('pointerdown', (event) => this.#drag(event));
    inLanguage(() => this.draw());
  }

  /** False while signed documents are shown. */
  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    this.draw();
  }

  draw(): void {
    const page = this.#view.page;
    const form = this.#form;
    const number = form.number('page');
    const shown = this.#enabled && form.visible && page !== undefined && page.number === number;
    this.#mark.hidden = !shown;
    if (!shown) return;
    const [x, y, width, height] = [form.number('x'), form.number('y'), form.number('width'), form.number('height')];
    Object.assign(this.#mark.style, {
      left: `${x * page.scale}px`,
      top: `${y * page.scale}px`,
      width: `${width * page.scale}px`,
      height: `${height * page.scale}px`,
    });
    byId('mark-text').textContent = form.text.replace(/\$certificate\.getCommonName\(\)/g, '…');
    this.#mark.setAttribute('aria-label', say('mark', { x, y, page: number }));
  }

  /** The page that the form names comes into view. */
  #follow(): void {
    const number = this.#form.number('page');
    if (this.#view.page && this.#view.page.number !== number && this.#form.visible) void this.#view.show(number);
    this.draw();
  }

  #centreAt(left: number, top: number): void {
    const page = this.#view.page;
    if (!page || !this.#enabled || !this.#form.visible) return;
    const [x, y] = [left / page.scale, top / page.scale];
    this.#form.setNumber('page', page.number);
    this.#moveTo(x - this.#form.number('width') / 2, y - this.#form.number('height') / 2);
    this.#mark.focus();
  }

  #moveTo(x: number, y: number): void {
    const page = this.#view.page;
    if (!page) return;
    const within = (value: number, most: number) => Math.max(0, Math.min(value, most));
    this.#form.setNumber('x', within(x, page.width - this.#form.number('width')));
    this.#form.setNumber('y', within(y, page.height - this.#form.number('height')));
    this.draw();
  }

  #onKey(event: KeyboardEvent): void {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const size = event.shiftKey ? 10 : 1;
    this.#moveTo(this.#form.number('x') + step[0] * size, this.#form.number('y') + step[1] * size);
  }

  #drag(start: PointerEvent): void {
    const page = this.#view.page;
    if (!page) return;
    const [x, y] = [this.#form.number('x'), this.#form.number('y')];
    const mark = this.#mark;
    mark.setPointerCapture(start.pointerId);
    const move = (event: PointerEvent) => {
      this.#moveTo(x + (event.clientX - start.clientX) / page.scale, y + (event.clientY - start.clientY) / page.scale);
    };
    mark.addEventListener('pointermove', move);
    mark.addEventListener('lostpointercapture', () => mark.removeEventListener('pointermove', move), { once: true });
  }
}
