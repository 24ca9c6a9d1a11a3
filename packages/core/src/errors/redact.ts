const secretShapes: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(Bearer|Basic)\s+[\w\-.~+/]+=*/gi, '$1 [redacted]'],
  [/\beyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?/g, '[redacted token]'],
  [/("?(?:access_token|client_secret|refresh_token)"?\s*[:=]\s*)("[^"]*"|[^\s&,;}]+)/gi, '$1[redacted]'],
  [/(\w+:\/\/)[^\s@]+@/g, '$1[redacted]@'],
];

/** Takes everything that looks like a credential, and every given secret, out of a text that a person will read. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, '[redacted]');
  for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement);
  return clean;
}
