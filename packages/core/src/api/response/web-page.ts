/** How much of a page is read. Characters. */
const readLength = 16 * 1024;

/** The page's title, which often names the gateway that answered, ready to follow a sentence. */
export function titleOf(html: string): string {
  const page = html.slice(0, readLength);
  const start = page.toLowerCase().indexOf('<title');
  const open = start < 0 ? -1 : page.indexOf('>', start);
  if (open < 0) return '';
  const close = page.indexOf('<', open);
  const title = page.slice(open + 1, Math.min(close < 0 ? page.length : close, open + 121)).trim();
  return title ? ` ("${title}")` : '';
}

/** The text of a page without its tags, scripts and styles. */
export function visibleText(html: string): string {
  const page = html.slice(0, readLength);
  const lower = page.toLowerCase();
  let text = '';
  for (let at = 0; at < page.length; ) {
    const open = page.indexOf('<', at);
    if (open < 0) return text + page.slice(at);
    text += `${page.slice(at, open)} `;
    const hidden = ['script', 'style'].find((name) => lower.startsWith(name, open + 1));
    const end = page.indexOf('>', hidden ? lower.indexOf(`</${hidden}`, open) : open);
    // An element that is not closed within the part that is read is left out.
    if (end < 0 || (hidden && lower.indexOf(`</${hidden}`, open) < 0)) return text;
    at = end + 1;
  }
  return text;
}
