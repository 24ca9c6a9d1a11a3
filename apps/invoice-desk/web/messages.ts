import { en, type Messages } from './locales/en.js';
import { pt } from './locales/pt.js';

const languages = { en, pt } as const;
export type Language = keyof typeof languages;
type TextKey = { [K in keyof Messages]: Messages[K] extends string ? K : never }[keyof Messages];

/** Formats of dates and numbers. */
const locales: Record<Language, string> = { en: 'en-GB', pt: 'pt-PT' };
const storageKey = 'invoice-desk-language';
const isLanguage = (value: string | null | undefined): value is Language => value != null && value in languages;

let current: Language = [localStorage.getItem(storageKey), navigator.language.slice(0, 2)].find(isLanguage) ?? 'en';
const listeners: (() => void)[] = [];

export const messages = (): Messages => languages[current];

/** The text of a key, with `{name}` replaced. */
export function say(key: TextKey, values: Record<string, string | number> = {}): string {
  return messages()[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

export const sayNumber = (value: number): string => new Intl.NumberFormat(locales[current]).format(value);
export const sayDate = (value: string): string =>
  new Intl.DateTimeFormat(locales[current], { dateStyle: 'long' }).format(new Date(value));
export const sayTime = (value: string): string =>
  new Intl.DateTimeFormat(locales[current], { dateStyle: 'long', timeStyle: 'short' }).format(new Date(value));
export const saySize = (bytes: number): string => {
  const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte'];
  return new Intl.NumberFormat(locales[current], { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
};

/** The text of an error: by its code, else by its family. */
export function sayError(code: string, family = 'unknown'): string {
  const { errors, families } = messages();
  return errors[code] ?? families[family] ?? families.unknown!;
}

/** Runs now and after every change of language. */
export function inLanguage(render: () => void): void {
  listeners.push(render);
  render();
}

/** Fills in the page's texts and listens to the language buttons. */
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
    document.title = say((document.documentElement.dataset.title ?? 'title') as TextKey);
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.language === current));
    for (const node of document.querySelectorAll<HTMLElement>('[data-text]')) {
      node.textContent = say(node.dataset.text as TextKey);
    }
    for (const node of document.querySelectorAll<HTMLElement>('[data-text-label]')) {
      node.setAttribute('aria-label', say(node.dataset.textLabel as TextKey));
    }
  });
}
