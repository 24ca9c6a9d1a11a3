/** A document as it was uploaded. */
export interface UploadedFile {
  /** Its name without folders and control characters; the rest is as the caller chose it. */
  name: string;
  bytes: Uint8Array;
}

/** A file name is the caller's: it may hold folders of either system and characters that end a header line. */
export function safeName(name: string | undefined, position: number): string {
  const base = (name ?? '')
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(-200);
  return base === '' || /^\.+$/.test(base) ? `document-${position}.pdf` : base;
}
