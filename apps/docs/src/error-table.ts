import { errorCodes } from '@signstash-connect/core/adapter';
import {
  type ErrorAction,
  type ErrorCodeFacts,
  type ErrorFamily,
  type ServiceErrorRow,
  serviceErrorFamilies,
  serviceErrorRest,
  serviceErrorStatuses,
  serviceErrors,
  signErrorFixes,
} from '@signstash-connect/core/client';

/** What a family of errors means, and the class to branch on. */
const families: Record<ErrorFamily, [errorClass: string, meaning: string]> = {
  configuration: ['ConfigurationError', 'A setting is missing or wrong. Nothing was sent.'],
  credentials: ['CredentialsError', 'Client id and secret were refused. Never retried automatically.'],
  token: ['TokenError', 'There is no usable token.'],
  validation: ['ValidationError', 'A document or an option is wrong. Nothing was sent.'],
  rejected: ['ServiceRejectedError', 'The service answered with an error. The message contains its code and message.'],
  lookup: ['LookupError', 'The look-up before sending failed. The document was not sent.'],
  document: ['DocumentFailedError', 'One document was not signed, or its signed content cannot be fetched.'],
  quota: ['QuotaExceededError', 'The contract’s signatures are used up.'],
  network: ['NetworkError', 'There was no connection, or it broke.'],
  timeout: ['TimeoutError', 'There was no complete answer in time.'],
  aborted: ['AbortedError', 'Your `AbortSignal` fired.'],
  protocol: ['ProtocolError', 'The answer is not what the API describes.'],
  outcome: ['OutcomeUnknownError', 'Could not determine whether documents were signed.'],
};

/** The page of error codes, made from core's own list. */
export function errorPage(): string {
  const sections = Object.entries(families).map(([family, [errorClass, meaning]]) => {
    const rows = Object.entries<ErrorCodeFacts>(errorCodes)
      .filter(([, facts]) => facts.family === family)
      .map(
        ([code, { retryable, hint }]) =>
          `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${hint.replaceAll('{', '&#123;')} |`,
      );
    return [
      `## ${errorClass}`,
      '',
      meaning,
      '',
      '| code | worth a retry | what to do |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return `${[head, ...sections, serviceSection(), signErrorSection()].join('\n\n')}\n`;
}

/** What the client does by itself. */
const actions: Record<ErrorAction, string> = {
  'renew-token': 'gets a new token and replays the call once',
  stop: 'stops; every further request would fail the same way',
  refuse: 'fails the document that the service names, or searches for it, and signs the others',
  fail: 'fails the request',
  'look-up': 'looks every reference up, then sends again what is unknown',
  'look-up-only': 'looks the references up until they are found; never sends them again',
  retry: 'sends the request again',
  'slow-down': 'waits (`Retry-After`), lowers the number of parallel requests, and sends the request again',
  divide: 'sends the documents in smaller requests',
};

/** The service's own codes, from the table that the client decides by. */
function serviceSection(): string {
  const row = ({ errorCode, status, meaning, action, code, fix }: ServiceErrorRow, shown = errorCode) =>
    `| ${shown === undefined ? '' : `\`${shown}\``} | ${status ?? ''} | ${meaning} | ${actions[action]} | \`${code}\` | ${fix ?? errorCodes[code].hint} |`;
  return [
    '## Errors of the service',
    '',
    'The service answers with an `errorCode`, which decides, and an HTTP status, which counts only without a known code: 500 is used for refused',
    'requests, too. The error that you get contains the code and the message of the service, the document if there is one, and the fix.',
    '',
    '| errorCode | status | meaning | what the client does | code | what to do |',
    '| --- | --- | --- | --- | --- | --- |',
    ...serviceErrors.map((entry) => row(entry)),
    ...serviceErrorFamilies.map((entry) => row(entry, `${entry.errorCode}x.x`)),
    ...[...serviceErrorStatuses, ...serviceErrorRest].map((entry) => row(entry)),
  ].join('\n');
}

function signErrorSection(): string {
  return [
    '## Errors of one document',
    '',
    'If the service accepts a request and cannot sign one of its documents, that document gets a `DOCUMENT_FAILED` with a `signError`.',
    'It is not sent again, since the service keeps its reference.',
    '',
    '| signError | what to do |',
    '| --- | --- |',
    ...Object.entries(signErrorFixes).map(([signError, fix]) => `| \`${signError}\` | ${fix} |`),
  ].join('\n');
}

const head = `# Error codes

<!-- Made by \`pnpm --filter @signstash-connect/docs run errors\`. -->

Every error has a \`code\` that does not change, \`retryable\`, and a \`hint\`; where they are known, \`document\`, \`references\`, \`operationId\` and
\`status\`. Branch on the code or on the class, never on the message. "Worth a retry" means that the same call, unchanged, may go better
later: the client itself has tried again already where that is safe. No error holds a secret or a token.

In n8n it is the failed item's \`code\`, in GitHub Actions it stands in the annotation and the report, in Express in
the problem document.`;
