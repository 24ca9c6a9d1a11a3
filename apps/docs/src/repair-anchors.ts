import { globSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * The generated reference links to `#reasoncode-1` for the type `ReasonCode`, because typedoc gives the member `code` of `Reason` the
 * same anchor. Its pages have only the one heading, so that the number must go.
 */
for (const file of globSync(new URL('../reference/**/*.md', import.meta.url).pathname)) {
  const text = readFileSync(file, 'utf8');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replace(/\W/g, ''),
  );
  const repaired = text.replace(/\]\(#(\w+)-(\d+)\)/g, (link, name: string, number: string) =>
    headings.filter((heading) => heading === name).length > Number(number) ? link : `](#${name})`,
  );
  if (repaired !== text) writeFileSync(file, repaired);
}
