import { type ErrorCodeFacts, type ErrorFamily, errorCodes } from '@signstash-connect/core';

/** What a family of errors means, and the class to branch on. */
const families: Record<ErrorFamily, [errorClass: string, meaning: string]> = {
  configuration: ['ConfigurationError', 'A setting is missing or wrong. Nothing was sent.'],
  credentials: ['CredentialsError', 'Client id and secret were refused. Never tried again by itself.'],
  token: ['TokenError', 'There is no usable token.'],
  validation: ['ValidationError', 'A document or an option is wrong. Nothing was sent.'],
  rejected: ['ServiceRejectedError', 'The service answered with an error, whose words the message holds.'],
  document: ['DocumentFailedError', 'One document was not sealed, or its sealed content cannot be had.'],
  quota: ['QuotaExceededError', 'The contract’s signatures are used up.'],
  network: ['NetworkError', 'There was no connection, or it broke.'],
  timeout: ['TimeoutError', 'There was no complete answer in time.'],
  aborted: ['AbortedError', 'Your `AbortSignal` fired.'],
  protocol: ['ProtocolError', 'The answer is not what the API describes.'],
  outcome: ['OutcomeUnknownError', 'Nobody can tell whether something was sealed.'],
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
  return `${[head, ...sections].join('\n\n')}\n`;
}

const head = `# Error codes

<!-- Made by \`pnpm --filter @signstash-connect/docs run errors\`. -->

Every error has a \`code\` that does not change, \`retryable\`, and a \`hint\`; where they are known, \`document\`, \`references\`, \`operationId\` and
\`status\`. Branch on the code or on the class, never on the message. "Worth a retry" means that the same call, unchanged, may go better
later: the client itself has tried again already where that is safe. No error holds a secret or a token.

In n8n it is the failed item's \`code\`, in GitHub Actions it stands in the annotation and the report, in Express in
the problem document.`;
