/** Longer texts are truncated; messages of the service are far shorter. Characters. */
export const maxTextLength = 16 * 1024;
/** Also dropped when a text is truncated, since part of a credential may not be recognised. Characters. */
const seamLength = 1024;

/**
 * Shapes of credentials. Every pattern is linear: it cannot start inside of what it has already scanned, or scans a bounded length. `redact.test.ts` runs
 * them on the inputs that make careless ones quadratic.
 */
const secretShapes: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(Bearer|Basic)\s+[\w\-.~+/]+=*/gi, '$1 [redacted]'],
  [/(?<![\w-])eyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?/g, '[redacted token]'],
  [/("?(?:access_token|client_secret|refresh_token)"?\s*[:=]\s*)("[^"]*"|[^\s&,;}]+)/gi, '$1[redacted]'],
  // The user information of a URL ends before its path: the paths of scoped packages in stack traces hold an @ as well. But people
  // also write unencoded slashes into passwords.
  [/(?<=:\/\/)(?:[^\s/?#]*@|[^\s/?#:@]{1,256}:(?!\d{1,5}[/?#])[^\s@]{0,256}[^\s@/]@)/g, '[redacted]@'],
];

/** Removes everything that looks like a credential, and every given secret, from a text that a person will read. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let clean = removeSecrets(text, secrets);
  const cut = clean.length > maxTextLength;
  if (cut) clean = clean.slice(0, maxTextLength);
  for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement);
  if (cut) clean = `${clean.slice(0, -seamLength)}…`;
  return clean.length > maxTextLength + 1 ? `${clean.slice(0, maxTextLength)}…` : clean;
}

/** Removes the given secrets from a text of any length: as they are, in URLs, in forms and in JSON. */
export function removeSecrets(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length <= 3) continue;
    for (const form of writtenForms(secret)) clean = clean.replaceAll(form, '[redacted]');
  }
  return clean;
}

/** Longest first, so that no form leaves a part of another one behind. */
function writtenForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = new Set([secret, json, json.replaceAll('/', '\\/'), ...percentForms(secret)]);
  return [...forms].sort((a, b) => b.length - a.length);
}

function percentForms(secret: string): string[] {
  try {
    const encoded = encodeURIComponent(secret);
    return [encoded, encoded.replaceAll('%20', '+')];
  } catch {
    // Half a surrogate pair has no encoded form.
    return [];
  }
}
