/** An element that the page is known to have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found as T;
}

export interface ElementParts {
  className?: string;
  /** Always text, never markup: file names are untrusted. */
  text?: string;
  attributes?: Record<string, string>;
  onClick?: () => void;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className, text, attributes = {}, onClick }: ElementParts = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (onClick) made.addEventListener('click', onClick);
  made.append(...children);
  return made;
}
