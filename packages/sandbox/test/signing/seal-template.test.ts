// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Velocity writes its references as JavaScript does.
import { expect, it } from 'vitest';
import { renderTemplate } from '../../src/signing/seal-template.ts';

const context = { commonName: 'Selo, Lda.', reason: 'Fatura $location', date: new Date('2026-01-15T09:30:00.123Z') };

it.each([
  ['Digitally signed by $certificate.getCommonName()', 'Digitally signed by Selo, Lda.'],
  ['${certificate.getCommonName()}: ${reason}', 'Selo, Lda.: Fatura $location'],
  ['$certificate.commonName.', 'Selo, Lda..'],
  ['em $date', 'em 2026-01-15 09:30:00 UTC'],
  ['a missing one stays: $location ${location}', 'a missing one stays: $location ${location}'],
  ['a missing quiet one vanishes: [$!location][$!{location}]', 'a missing quiet one vanishes: [][]'],
  ['unknown ones stay: $certificate.getSerial() $x.y ${z}', 'unknown ones stay: $certificate.getSerial() $x.y ${z}'],
  ['no references: $ $5 100$ ${', 'no references: $ $5 100$ ${'],
  ['nor what JavaScript objects inherit: $constructor', 'nor what JavaScript objects inherit: $constructor'],
])('%s', (template, expected) => {
  expect(renderTemplate(template, context)).toBe(expected);
});
