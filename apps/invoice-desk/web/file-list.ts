import { byId, element } from './element.js';
import { inLanguage, say, saySize } from './messages.js';

const maxFiles = 500;
const maxBytes = 25 * 1024 * 1024;

/** The documents that will be signed. */
export class FileList {
  files: File[] = [];
  current: File | undefined;
  /** Called after every change. */
  onChange: () => void = () => {};
  readonly #input = byId<HTMLInputElement>('files');
  readonly #list = byId('file-list');
  /** Shown again after a change of language. */
  #complaints: (() => string)[] = [];

  constructor() {
    this.#input.addEventListener('change', async () => {
      await this.add([...(this.#input.files ?? [])]);
      // The same file may be chosen again after it was removed.
      this.#input.value = '';
    });
    this.#acceptDrops(byId('drop'));
    inLanguage(() => this.#render());
  }

  async add(files: readonly File[]): Promise<void> {
    this.#complaints = [];
    for (const file of files) {
      const { name } = file;
      const known = this.files.some(
        (other) => other.name === name && other.size === file.size && other.lastModified === file.lastModified,
      );
      if (known) continue;
      if (!(await startsAsPdf(file))) this.#complaints.push(() => say('notPdf', { name }));
      else if (file.size > maxBytes) this.#complaints.push(() => say('tooLarge', { name }));
      else if (this.files.length >= maxFiles) {
        this.#complaints.push(() => say('tooMany'));
        break;
      } else this.files.push(file);
    }
    this.select(this.current ?? this.files[0]);
  }

  clear(): void {
    this.files = [];
    this.#complaints = [];
    this.select(undefined);
  }

  select(file: File | undefined): void {
    this.current = file;
    this.#render();
    this.onChange();
  }

  #remove(file: File): void {
    const index = this.files.indexOf(file);
    this.files.splice(index, 1);
    const neighbour = this.files[index] ?? this.files[index - 1];
    this.select(this.current === file ? neighbour : this.current);
    // Focus must not be lost with the removed button.
    const buttons = this.#list.querySelectorAll<HTMLElement>('.open');
    (buttons[Math.min(index, buttons.length - 1)] ?? this.#input).focus();
  }

  #render(): void {
    byId('files-error').textContent = this.#complaints.map((complain) => complain()).join(' ');
    this.#list.hidden = this.files.length === 0;
    this.#list.replaceChildren(
      ...this.files.map((file) => {
        const { name, size } = file;
        const current = file === this.current ? { 'aria-current': 'true' } : {};
        return element('li', {}, [
          element('button', {
            className: 'open',
            text: name,
            attributes: { type: 'button', ...current },
            onClick: () => this.#reopen(file),
          }),
          element('span', { className: 'size', text: saySize(size) }),
          element('button', {
            className: 'quiet',
            text: '×',
            attributes: { type: 'button', 'aria-label': say('remove', { name }), title: say('remove', { name }) },
            onClick: () => this.#remove(file),
          }),
        ]);
      }),
    );
  }

  #reopen(file: File): void {
    this.select(file);
    this.#list.querySelector<HTMLElement>('[aria-current="true"]')?.focus();
  }

  #acceptDrops(area: HTMLElement): void {
    const over = (event: DragEvent, isOver: boolean) => {
      event.preventDefault();
      area.classList.toggle('over', isOver);
    };
    area.addEventListener('dragover', (event) => over(event, true));
    area.addEventListener('dragleave', (event) => over(event, false));
    area.addEventListener('drop', (event) => {
      over(event, false);
      void this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

/** By its bytes; a name or a type proves nothing. */
async function startsAsPdf(file: File): Promise<boolean> {
  return (
    await file
      .slice(0, 1024)
      .text()
      .catch(() => '')
  ).includes('%PDF-');
}
