import { byId, element } from './element.js';
import { inLanguage, messages, say } from './messages.js';

export type PlaceField = 'page' | 'x' | 'y' | 'width' | 'height';

/** The form for the sign options. */
export class SignForm {
  /** Called when the place of the seal, or whether it is visible, has changed by hand. */
  onPlace: () => void = () => {};
  readonly #form = byId<HTMLFormElement>('sign-form');
  readonly #place = byId<HTMLFieldSetElement>('place');
  readonly #visible = byId<HTMLInputElement>('visible');

  constructor(onSubmit: () => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      onSubmit();
    });
    this.#form.addEventListener('input', () => {
      this.#place.disabled = !this.visible;
      this.onPlace();
    });
    this.#place.disabled = !this.visible;
    inLanguage(() => this.#suggest());
  }

  get visible(): boolean {
    return this.#visible.checked;
  }

  get text(): string {
    return byId<HTMLInputElement>('text').value;
  }

  number(field: PlaceField): number {
    return byId<HTMLInputElement>(field).valueAsNumber;
  }

  setNumber(field: PlaceField, value: number): void {
    byId<HTMLInputElement>(field).value = String(Math.round(value));
  }

  /** Moves to the first field that is not right. */
  validate(): boolean {
    const fields = [...this.#form.querySelectorAll('input')].filter((field) => !field.matches(':disabled'));
    for (const field of fields) field.toggleAttribute('aria-invalid', false);
    const wrong = fields.filter((field) => !field.checkValidity());
    for (const field of wrong) field.setAttribute('aria-invalid', 'true');
    wrong[0]?.focus();
    return wrong.length === 0;
  }

  value(): object {
    const text = (id: string) => byId<HTMLInputElement>(id).value.trim();
    const options = { reason: text('reason'), location: text('location') };
    if (!this.visible) return options;
    const [page, x, y, width, height] = (['page', 'x', 'y', 'width', 'height'] as const).map((field) =>
      this.number(field),
    );
    return {
      ...options,
      visibleText: this.text,
      visiblePosition: `page=${page},x=${x},y=${y}`,
      visibleSize: `${width}x${height}`,
    };
  }

  /** Suggestions in the page's language; what was typed stays. */
  #suggest(): void {
    const { reasons, defaultText } = messages();
    byId('reasons').replaceChildren(...reasons.map((value) => element('option', { attributes: { value } })));
    this.#default('reason', reasons[0]!);
    this.#default('text', defaultText);
    byId<HTMLInputElement>('reason').placeholder = say('reason');
  }

  #default(id: string, value: string): void {
    const field = byId<HTMLInputElement>(id);
    if (field.value === '' || field.value === field.dataset.suggested) field.value = value;
    field.dataset.suggested = value;
  }
}
