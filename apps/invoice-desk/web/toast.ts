import { byId } from './element.js';

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a message that needs no answer. */
export function toast(text: string): void {
  const place = byId('toast');
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    place.textContent = '';
  }, 6_000);
}
