import { en, type Words } from './locales/en.js';
import { pt } from './locales/pt.js';

const languages = { en, pt } as const;
export type Language = keyof typeof languages;
type TextKey = { [K in keyof Words]: Words[K] extends string ? K : never }[keyof Words];

/** Dates and numbers as they are written where the desk stands. */
const locales: Record<Language, string> = { en: 'en-GB', pt: 'pt-PT' };
const storageKey = 'invoice-desk-language';
const isLanguage = (value: string | null | undefined): value is Language => value != null && value in languages;

let current: Language = [localStorage.getItem(storageKey), navigator.language.slice(0, 2)].find(isLanguage) ?? 'en';
const listeners: (() => void)[] = [];

export const words = (): Words => languages[current];

/** The words for a key, with `{name}` filled in. */
export function say(key: TextKey, values: Record<string, string | number> = {}): string {
  return words()[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

export const sayNumber = (value: number): string => new Intl.NumberFormat(locales[current]).format(value);
export const sayDate = (value: string): string =>
  new Intl.DateTimeFormat(locales[current], { dateStyle: 'long' }).format(new Date(value));
export const saySize = (bytes: number): string => {
  const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte'];
  return new Intl.NumberFormat(locales[current], { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
};

/** An error in plain words: by its code, else by its family. */
export function sayError(code: string, family = 'unknown'): string {
  const { errors, families } = words();
  return errors[code] ?? families[family] ?? families.unknown!;
}

/** Runs now and after every change of language. */
export function inLanguage(render: () => void): void {
  listeners.push(render);
  render();
}

/** Fills the page's fixed words and listens to the language buttons. */
export function startLanguage(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('[data-language]');
  for (const button of buttons) {
    button.addEventListener('click', () => {
      current = button.dataset.language as Language;
      localStorage.setItem(storageKey, current);
      for (const listener of listeners) listener();
    });
  }
  inLanguage(() => {
    document.documentElement.lang = current;
    document.title = words().title;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.language === current));
    for (const node of document.querySelectorAll<HTMLElement>('[data-words]')) {
      node.textContent = say(node.dataset.words as TextKey);
    }
    for (const node of document.querySelectorAll<HTMLElement>('[data-words-label]')) {
      node.setAttribute('aria-label', say(node.dataset.wordsLabel as TextKey));
    }
  });
}
