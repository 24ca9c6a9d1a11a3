import { type Goal, markdown, type Table } from './tables.ts';

const introduction = `# Benchmarks

\`npm run bench\` measures everything on this page and prints it; \`-- --write\` also writes this page, \`-- --quick\` measures less,
\`-- --only many\` one table (many, large, tokens, express, start-up, capacity, growth) and \`-- --json\` prints for programs.

Results are ratios from the same run: absolute times say more about a machine than about a program. Clients, server and baselines
are processes of their own and run interleaved; medians count. The server is a sink that follows the wire format and returns each
document with a signature that passes all checks, without the time to sign, so that the client is measured. Two limits are beside
our rows: the **wire limit** is curl posting the same prepared bytes; **the same work in C** is a client with four threads that
reads, encodes, posts with libcurl, parses, decodes, writes and renames, as \`signAll\` does, without its checks. Memory is the peak
that the operating system saw, above that of a client that only starts.`;

/** What limits a goal that was missed, and what was tried: only what was measured. By how the goal's text begins. */
const explanations: Record<string, string> = {
  'signAll, JSON: time': `A profile of the main thread has 17 % in garbage collection, 10 % in open, 9 % in write, 5 % in read and
4 % each in SHA-256 and close. The C client uses four threads; JavaScript runs on one.

Kept: a small file is read once for its checks, its hash and its request; each chunk is decoded into the same memory; writes
are gathered in buffers that are used again, and journal entries of a request in one write; encoding in pieces that fit the processor's
cache; \`redirect: 'error'\`, since \`fetch\` otherwise keeps a second copy of every body; the end of a document, which the content check
needs, is copied instead of keeping the whole document (peak memory 0.86 × in 6 interleaved rounds).

Tried on a busy machine and dropped (processor time per document, 5 interleaved rounds):

| idea | result | why it was dropped |
| --- | --- | --- |
| two workers that read, hash and encode, with transferred buffers | 0.94 × of this stage | the stage is an eighth of the whole: 0.03 of 4 ms |
| undici's \`request\` instead of \`fetch\` | 0.95 × of the transport | no gain worth a second HTTP interface |
| \`node:http\` instead of \`fetch\` | 0.72 × of the transport, 0.3 ms | would ignore the application's dispatcher and proxy settings |
| buffers from a pool for file contents | 0.88 × of reading | \`fetch\` does not say when it no longer needs a chunk |
| synchronous file calls in \`signAll\` | 0.98 × of the whole | within the noise, and they block the event loop while the disk is busy |

Options of V8 have an effect (a larger young generation 0.89 ×, garbage collection on one thread 0.82 ×), but a library cannot set
them. Not tried: workers that decode and write.`,
  'signAll, multipart':
    'As above. Only the request is multipart: the response has its contents as base64 in JSON either way.',
  'signAll, JSON: CPU': 'As above.',
  'signAll, JSON: peak memory':
    'Live objects are 14 to 20 MB; the rest is memory that V8 keeps for its young generation, and buffers.',
  "import '@signstash-connect/core'": `Loading only the modules of Node that core needs takes 1.26 to 1.55 × bare node, depending on the
machine. Kept: one file per entry and one for what entries share, and ky, oauth4webapi, tinyglobby, p-map, saxes and fflate are loaded
when they are first used. In one run on a quiet machine that took the start from 4.75 × to 1.91 ×. Tried and dropped: minified files,
whose gain was smaller than the spread. Node's compile cache, which an application can turn on, takes a further 10 to 15 %.`,
  'the GitHub Action': `As for core. Kept: libraries on first use, and \`node:http\` is no longer imported, which makes Node load all of
\`fetch\`. In one run on a quiet machine that took the start from 3.49 × to 2.16 ×. A compile cache would be empty on a hosted runner.`,
  'time per document and peak memory': `It does not grow without limit: from 10,000 to 20,000 documents the peak rises by 5 %. With
10,000 documents about 17 MB are live objects while V8 has taken 128 MB for its young generation; with
\`node --max-semi-space-size=8\` the peak at 10,000 is 195 instead of 308 MB. Kept: references and output paths of a batch are hashes, 133
instead of 264 bytes per document.`,
};

interface Page {
  machine: string;
  quick: boolean;
  tables: readonly Table[];
  goals: readonly Goal[];
}

const quickRun =
  'A quick run (`--quick`): few documents and runs, so that start-up and warm-up weigh more, no growth beyond 1,000 documents, and ' +
  'one speed of the service in the capacity table.';

/** The documentation's page about benchmarks. */
export function page({ machine, quick, tables, goals }: Page): string {
  const missed = goals.filter(({ met }) => !met);
  const reasons = missed.flatMap(({ goal, measured }) => {
    const found = Object.entries(explanations).find(([start]) => goal.startsWith(start));
    return [`**${goal}: ${measured}.** ${found?.[1] ?? 'Not profiled.'}`];
  });
  return [
    '<!-- Generated by `npm run bench -- --write`. Edit apps/bench/src/page.ts instead. -->',
    introduction,
    `This run: ${machine}. The sink takes one of the cores. A run on a busy machine says little: look at the spread.`,
    ...(quick ? [quickRun] : []),
    ...tables.map(markdown),
    ...(missed.length > 0 ? ['## Missed goals', ...reasons] : []),
  ]
    .join('\n\n')
    .concat('\n');
}
