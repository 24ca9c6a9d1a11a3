/** What identifies a Portuguese invoice, however it is rendered. */
export interface InvoiceIdentity {
  /** Issuer's tax number (NIF): nine digits. */
  readonly issuer: string;
  /** Validation code, hyphen, sequential number without leading zeros, in capitals (Portaria n.º 195/2020, article 3). */
  readonly atcud: string;
}

/** Stands for a customer who gives no tax number, so it is never an issuer's. */
const finalConsumer = '999999990';

const hyphen = '[-\\u00AD\\u2010-\\u2015\\u2212]';
const atcudPattern = `([A-Z0-9]{8,20})\\s?${hyphen}\\s?(\\d{1,18})(?!\\d)`;

/**
 * The different ATCUDs that a text shows. Only a code after the label `ATCUD` counts: article numbers have the same form.
 *
 * @param text - With line breaks; the code may be on the line after its label.
 */
export function findAtcuds(text: string): string[] {
  const found = [...text.matchAll(new RegExp(`\\bATCUD\\b[\\s:.=]*${atcudPattern}`, 'gi'))];
  return [...new Set(found.map(([, code, number]) => canonicalAtcud(code as string, number as string)))];
}

/** The ATCUD that a text consists of; undefined if it is something else. */
export function parseAtcud(text: string): string | undefined {
  const [, code, number] = new RegExp(`^\\s*${atcudPattern}\\s*$`, 'i').exec(text) ?? [];
  return code && number ? canonicalAtcud(code, number) : undefined;
}

/** Two renderings of one invoice can differ in case and leading zeros. */
const canonicalAtcud = (code: string, number: string): string =>
  `${code.toUpperCase()}-${number.replace(/^0+(?=\d)/, '')}`;

/** The different tax numbers that a text shows after a usual label, without the one for final consumers. */
export function findTaxNumbers(text: string): string[] {
  const label = '(?:N\\.?\\s?I\\.?\\s?F\\b|N\\.?I\\.?P\\.?C\\b|\\bContribuinte\\b|\\bVAT\\b|\\bTax (?:ID|number)\\b)';
  const between = '(?:[\\s:.=/#\\u00B0\\u00BA-]|\\bn\\.?[\\u00B0\\u00BAo]|\\bno\\b|\\bnumber\\b|\\bID\\b|\\bPT)*';
  const pattern = new RegExp(`${label}${between}(\\d{3}[ .]?\\d{3}[ .]?\\d{3})(?!\\d)`, 'gi');
  const numbers = [...text.matchAll(pattern)].map(([, number]) => (number as string).replace(/\D/g, ''));
  return [...new Set(numbers)].filter((number) => number !== finalConsumer && isTaxNumber(number));
}

/** Whether this is a Portuguese tax number: nine digits, the last one a check digit modulo 11. */
export function isTaxNumber(text: string): boolean {
  if (!/^[1-9]\d{8}$/.test(text)) return false;
  const sum = [...text.slice(0, 8)].reduce((total, digit, index) => total + Number(digit) * (9 - index), 0);
  const remainder = sum % 11;
  return Number(text[8]) === (remainder < 2 ? 0 : 11 - remainder);
}

/**
 * Reads the text of an invoice's QR code: fields `A:` to `S:` with `*` between them, A the issuer's tax number and H the ATCUD
 * (Autoridade Tributária e Aduaneira, "Especificações técnicas do código QR").
 *
 * @returns Undefined if it is another QR code, such as one for a payment, or has no ATCUD.
 */
export function parseInvoiceQrCode(text: string): InvoiceIdentity | undefined {
  const fields = new Map(text.split('*').map((field) => [field.slice(0, field.indexOf(':')), field]));
  const value = (name: string) =>
    fields
      .get(name)
      ?.slice(name.length + 1)
      .trim() ?? '';
  const issuer = value('A');
  const atcud = parseAtcud(value('H'));
  return atcud && isTaxNumber(issuer) ? { issuer, atcud } : undefined;
}
