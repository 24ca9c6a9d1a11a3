/** Values that a template may refer to. A missing value is treated as null is in Velocity. */
export interface TemplateContext {
  commonName: string;
  reason?: string | undefined;
  location?: string | undefined;
  date: Date;
}

/** `$name`, `$!name`, `${name}` and dotted properties with or without `()`. */
const REFERENCE = /\$(!?)(?:\{([a-z]\w*(?:\.[a-z]\w*(?:\(\))?)*)\}|([a-z]\w*(?:\.[a-z]\w*(?:\(\))?)*))/gi;

/**
 * Fills the references of a Velocity template. A small part of Velocity: no directives, and of the real service's
 * variables only those below (only the first is known from its documentation). As in Velocity, an unknown or
 * missing reference stays as it is written, or is removed if it is a quiet one (`$!reason`).
 */
export function renderTemplate(template: string, context: TemplateContext): string {
  const values = new Map([
    ['certificate.getCommonName()', context.commonName],
    ['certificate.commonName', context.commonName],
    ['reason', context.reason],
    ['location', context.location],
    ['date', formatDate(context.date)],
  ]);
  return template.replace(REFERENCE, (written, quiet: string, braced?: string, bare?: string) => {
    const known = values.get(braced ?? bare!);
    return known ?? (quiet ? '' : written);
  });
}

function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
