// Finds words and phrases that make texts hard to read, in sources, documentation and settings: see CONTRIBUTING.md, "Write plain English".
// `node scripts/check-words.ts [file…]`: checks these files, or all files that git does not ignore.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What to avoid, and what to write instead. Exceptions, such as a shell command, belong in the pattern. */
const rules: [pattern: RegExp, instead: string][] = [
  [/\banew\b/i, 'again'],
  [/\blest\b/i, 'so that … not'],
  [/\bsave (?:for|where|a|that)\b/i, 'except'],
  [/\bmend(?:ed|s|ing)?\b/i, 'fix'],
  [/\b(?:nobody|somebody|anybody)\b/i, 'no one, someone, or the role'],
  [/\bwhat became of\b/i, 'the result of'],
  [/\bthe (?:whole )?house\b/i, 'the repository'],
  [/\bfront door\b/i, 'entry point'],
  [/\btwins?\b/i, 'duplicate'],
  [/\bhears? of\b/i, 'called for'],
  [/\bpatien(?:ce|t|tly)\b/i, 'timeout, wait'],
  [/\bshelf\b/i, 'cache'],
  [/\bstray\b/i, 'unexpected'],
  [/\blies in\b/i, 'is in'],
  [/\bgoes on being\b/i, 'remains'],
  [
    /\bis no (?:valid )?(?:position|duration|size|place|e-mail|colou?r|bytes|pdf|number|url|reference)\b/i,
    'invalid …: expected …',
  ],
  [/\bof its own\b/i, 'its own, separate'],
  [/\bfor good\b/i, 'permanently'],
  [/\btroubles?\b/i, 'problem, error'],
  [/\bquaint\b|\bmishaps?\b|\bforsooth\b|\bwhence\b(?! -)|\bthereof\b/i, 'plain words'],
  // The operation is to sign; a seal is a thing, as in "a visible seal" and "an electronic seal".
  [
    /\bseal(?:s|ed|ing)? (?:a |the |each |every |all |any|many |one |two |\d+ |your |its |these |those |them\b|it\b|what |nothing|twice|once)/i,
    'sign, signed',
  ],
  [/\b(?:to|is|are|was|were|be|been|being|not|never|gets?|already|had|has|have) sealed\b/i, 'signed'],
  [/\b(?:can|could|may|must|will|would|should|cannot|without|before|after|of|by) seal(?:ing)?\b/i, 'sign, signing'],
  [/^\s*(?:[-*#/]+ )?(?:Seals|Sealing|Sealed)\b/, 'Signs, Signing, Signed'],
  [/\bunsealed\b|\bseals? (?:PDF|XML|document|file|invoice)s?\b/i, 'not signed, signs'],
  [
    /\b(?:is|are|was|were|be|as) told\b|\btold (?:apart|of|to|by|so)\b|\btells? (?:of|apart)\b/i,
    'says, reports, distinguishes',
  ],
  [/\b(?:says|say|said) so\b|\bsays of\b/i, 'reports it'],
  [/, which (?:it|they) ha(?:s|ve)\b/i, 'its'],
  [/\b(?:in|of) our house\b|\bhouse (?:style|rules?)\b/i, 'the repository'],
  [
    /(?<!\.)\b(?:n8n|release|fault|docs|the|a|our)[ -]labs?\b|\blabs?\b(?= (?:needs|started|brings|of|is|for))/i,
    'e2e suite',
  ],
  [/\bhas become of\b|\bmade anew\b|\bonce more\b/i, 'again'],
  [/\bgoes on\b|\bgo on (?:with|being|after)\b/i, 'continues, remains'],
  [/\bsigns? of life\b/i, 'checks whether it answers'],
  [/\bwithout a word\b|\bin silence\b/i, 'silently'],
  [/\bwhat becomes of\b/i, 'the result of'],
  [/\bhangs? (?:below|down|up)\b/i, 'is below, disconnects'],
  [
    /\b(?:pixels?|bytes|points?|(?:milli|micro)?seconds|times?|lines?|documents) a (?:second|minute|hour|day|call|round|pixel|point|request)\b/i,
    'per',
  ],
  [/\bmeans no(?:thing)? harm\b|\bknows nothing of\b|\bas they lie\b|\bwherever they lie\b/i, 'plain words'],
];

const checked = /\.(?:ts|mts|mjs|md|yml|yaml|html|css)$|(?:^|\/)\.ci\/run$/;
/** Generated, by others, in Portuguese, or about the avoided words themselves. */
const ignored =
  /(?:^|\/)(?:dist|node_modules|fixtures|pt)\/|locales\/pt|CHANGELOG\.md$|pnpm-lock|(?:^|\/)(?:check-)?words(?:\.test)?\.ts$/;

function repositoryFiles(): string[] {
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).trim().split('\n');
}

const given = process.argv.slice(2);
const files = given.length > 0 ? given : repositoryFiles().filter((file) => checked.test(file) && !ignored.test(file));

let found = 0;
for (const file of files) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    for (const [pattern, instead] of rules) {
      const match = pattern.exec(line);
      if (!match) continue;
      found++;
      console.error(`${file}:${index + 1}: "${match[0].trim()}": write ${instead}`);
    }
  }
}
if (found === 0) console.log(`no words to avoid in ${files.length} files`);
else console.error(`${found} phrases to rewrite`);
process.exitCode = found === 0 ? 0 : 1;
