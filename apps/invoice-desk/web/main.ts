import { ApiError, type BatchView, batchUrl, get, upload } from './api.js';
import { byId } from './element.js';
import { FileList } from './file-list.js';
import { inLanguage, say, sayError, startLanguage } from './messages.js';
import { PdfView } from './pdf-view.js';
import { Results } from './results.js';
import { SealMark } from './seal-mark.js';
import { SignForm } from './sign-form.js';
import { startTheme } from './theme.js';

startTheme();
startLanguage();

const files = new FileList();
const view = new PdfView();
const form = new SignForm(() => void start());
const mark = new SealMark(view, form);
const results = new Results();
const startButton = byId<HTMLButtonElement>('start');
let startError: (() => string) | undefined;

files.onChange = () => {
  showStart();
  const { current } = files;
  if (current) void view.open(current.name, current.arrayBuffer(), form.number('page'));
  else view.close();
};
results.onView = (url, name) => {
  const bytes = fetch(url).then((answer) => answer.arrayBuffer());
  void view.open(name, bytes, form.visible ? form.number('page') : 1);
};
byId('again').addEventListener('click', () => {
  history.replaceState(null, '', location.pathname);
  results.clear();
  files.clear();
  showStep('prepare');
  byId('files').focus();
});
inLanguage(showStart);
void get<{ sandboxMode: boolean }>('/api/desk').then(({ sandboxMode }) => {
  byId('sandbox-mode').hidden = !sandboxMode;
});
void resume();

function showStart(): void {
  const count = files.files.length;
  startButton.disabled = count === 0;
  startButton.textContent = count === 1 ? say('startOne') : count === 0 ? say('sign') : say('startMany', { count });
  byId('start-hint').hidden = count > 0;
  byId('start-error').textContent = startError?.() ?? '';
}

function showStep(step: 'prepare' | 'results'): void {
  for (const part of document.querySelectorAll<HTMLElement>('.prepare')) part.hidden = step !== 'prepare';
  byId('results').hidden = step !== 'results';
  mark.enabled = step === 'prepare';
}

async function start(): Promise<void> {
  startError = undefined;
  if (files.files.length === 0) return;
  if (!form.validate()) {
    startError = () => say('fieldsWrong');
    return showStart();
  }
  results.clear();
  showStep('results');
  byId('results').focus();
  try {
    const batch = await upload(files.files, form.value(), (share) => results.showUpload(share));
    // A reload, or the link, comes back to these documents.
    history.replaceState(null, '', `#${batch.id}`);
    await results.watch(batch);
  } catch (error) {
    const code = error instanceof ApiError ? error.code : 'unknown';
    startError = () => sayError(code);
    showStep('prepare');
    showStart();
    startButton.focus();
  }
}

async function resume(): Promise<void> {
  const id = location.hash.slice(1);
  if (!id) return;
  const batch = await get<BatchView>(batchUrl(encodeURIComponent(id))).catch(() => undefined);
  if (!batch) return history.replaceState(null, '', location.pathname);
  showStep('results');
  await results.watch(batch);
}
