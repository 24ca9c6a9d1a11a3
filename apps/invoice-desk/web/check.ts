import { ApiError, check, type ReportView, type SignatureView } from './api.js';
import { byId, element } from './element.js';
import { inLanguage, messages, say, sayError, sayTime, startLanguage } from './messages.js';
import { startTheme } from './theme.js';

const maxBytes = 25 * 1024 * 1024;

startTheme();
startLanguage();

const input = byId<HTMLInputElement>('document');
const area = byId('drop');
let report: ReportView | undefined;
let error: (() => string) | undefined;
let checking: File | undefined;

input.addEventListener('change', () => {
  const file = input.files?.[0];
  if (file) void checkFile(file);
});
area.addEventListener('dragover', (event) => {
  event.preventDefault();
  area.classList.add('over');
});
area.addEventListener('dragleave', () => area.classList.remove('over'));
area.addEventListener('drop', (event) => {
  event.preventDefault();
  area.classList.remove('over');
  const file = event.dataTransfer?.files[0];
  if (file) void checkFile(file);
});
inLanguage(render);

async function checkFile(file: File): Promise<void> {
  const { name } = file;
  report = undefined;
  error = file.size > maxBytes ? () => say('checkTooLarge', { name }) : undefined;
  checking = error ? undefined : file;
  render();
  if (error) return;
  try {
    const found = await check(file);
    // Another document was chosen meanwhile.
    if (checking !== file) return;
    report = found;
  } catch (cause) {
    if (checking !== file) return;
    const code = cause instanceof ApiError ? cause.code : 'unknown';
    error = () => sayError(code);
  }
  checking = undefined;
  // The same file may be chosen again.
  input.value = '';
  render();
  if (report) byId('report').focus();
}

function render(): void {
  byId('checking').textContent = checking ? say('checking', { name: checking.name }) : '';
  byId('check-error').textContent = error?.() ?? '';
  byId('report').hidden = report === undefined;
  if (report) renderReport(report);
}

function renderReport({ name, verdict, reasons, signatures }: ReportView): void {
  byId('report-title').textContent = say('checkResult', { name });
  byId('verdict').textContent = messages().verdicts[verdict] ?? verdict;
  byId('verdict').className = `state ${verdict}`;
  const decisive = reasons.filter(({ severity }) => severity !== 'note');
  const findings: Record<string, string> = messages().findings;
  const texts = new Set(decisive.map(({ code, message }) => findings[code] ?? message));
  byId('reasons').hidden = texts.size === 0;
  byId('reason-list').replaceChildren(...[...texts].map((text) => element('li', { text })));
  byId('signatures').replaceChildren(
    ...signatures.map((signature, index) => signatureView(signature, index + 1, signatures.length)),
  );
}

function signatureView(signature: SignatureView, number: number, total: number): HTMLElement {
  const { kind, level, signer, chain, coverage, integrity } = signature;
  const isTimestamp = kind === 'document-timestamp';
  const rows: [string, string | undefined][] = [
    [say('fieldType'), isTimestamp ? undefined : level === 'none' ? kind : `${kind} ${level}`],
    [say('fieldSigner'), signer?.commonName ?? signer?.subject ?? say('unknownSigner')],
    [say('fieldOrganisation'), signer?.organizationIdentifier],
    [say('fieldIssuer'), signer?.issuer],
    [say('fieldTime'), time(signature)],
    [
      say('fieldContent'),
      say(integrity === 'intact' ? 'contentIntact' : integrity === 'broken' ? 'contentBroken' : 'contentUnknown'),
    ],
    [
      say('fieldAfter'),
      say(!coverage.allowed ? 'afterChanged' : coverage.appended.length > 0 ? 'afterAllowed' : 'afterNothing'),
    ],
    [
      say('fieldTrust'),
      chain.status === 'trusted' ? say('trustYes', { name: chain.path.at(-1) ?? chain.anchor ?? '' }) : say('trustNo'),
    ],
    [say('fieldQualified'), isTimestamp ? undefined : qualified(signature)],
  ];
  const values = rows.flatMap(([term, value]) =>
    value === undefined ? [] : [element('dt', { text: term }), element('dd', { text: value })],
  );
  return element('article', {}, [
    element('h3', { text: say(isTimestamp ? 'timestampOf' : 'signatureOf', { number, total }) }),
    element('dl', { className: 'facts' }, values),
  ]);
}

function time({ timestamp, claimedSigningTime }: SignatureView): string {
  if (timestamp?.valid && timestamp.trusted) return say('timeProven', { time: sayTime(timestamp.time) });
  if (claimedSigningTime) return say('timeClaimed', { time: sayTime(claimedSigningTime) });
  return say('timeUnknown');
}

function qualified({ signer }: SignatureView): string | undefined {
  if (!signer) return undefined;
  const { compliant, types } = signer.qualified;
  if (!compliant) return say('qualifiedNone');
  return say(types.includes('seal') ? 'qualifiedSeal' : 'qualifiedSignature');
}
