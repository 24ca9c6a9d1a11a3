import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basicCredentials, type Credentials } from '../../src/auth/basic-credentials.ts';
import { ConfigurationError } from '../../src/errors/errors.ts';

const header = async (credentials: Credentials) => {
  const headers = new Headers();
  const server = { issuer: 'https://as.example' };
  await basicCredentials(credentials)(server, { client_id: credentials.clientId }, new URLSearchParams(), headers);
  return headers.get('authorization') ?? '';
};
const decoded = (value: string) => Buffer.from(value.replace(/^Basic /, ''), 'base64').toString('utf8');
const formDecoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
const text = fc.string({ unit: 'grapheme', minLength: 1 });

describe('raw credentials, the default', () => {
  it('are sent as they are, a percent sign included', async () => {
    const value = await header({ clientId: 'PRT.507-PRT.507-a1', clientSecret: 'a%41+b c:d' });
    expect(decoded(value)).toBe('PRT.507-PRT.507-a1:a%41+b c:d');
  });

  it('are decoded unchanged for any id without a colon, and any secret', async () => {
    const id = text.filter((value) => !value.includes(':'));
    await fc.assert(
      fc.asyncProperty(id, text, async (clientId, clientSecret) => {
        expect(decoded(await header({ clientId, clientSecret }))).toBe(`${clientId}:${clientSecret}`);
      }),
    );
  });

  it('refuse an id with a colon, which separates id and secret', async () => {
    await expect(header({ clientId: 'a:b', clientSecret: 'c' })).rejects.toMatchObject({ setting: 'clientId' });
  });
});

describe('rfc6749 credentials', () => {
  it('are form-encoded first', async () => {
    const value = await header({ clientId: 'a:b', clientSecret: 'c%d e', credentialsEncoding: 'rfc6749' });
    expect(decoded(value)).toBe('a%3Ab:c%25d+e');
  });

  it('are decoded unchanged for any id and any secret', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (clientId, clientSecret) => {
        const value = decoded(await header({ clientId, clientSecret, credentialsEncoding: 'rfc6749' }));
        expect(value.split(':').map(formDecoded)).toEqual([clientId, clientSecret]);
      }),
    );
  });
});

describe('missing or wrong settings', () => {
  it.each<[string, Partial<Credentials>]>([
    ['clientId', { clientId: '' }],
    ['clientSecret', { clientSecret: '' }],
    ['clientSecret', { clientSecret: undefined as never }],
    ['credentialsEncoding', { credentialsEncoding: 'base64' as never }],
  ])('are named: %s', (setting, wrong) => {
    const error = caught(() => basicCredentials({ clientId: 'id', clientSecret: 'geheim-77', ...wrong }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ setting });
    expect(String(error)).not.toContain('geheim-77');
  });
});

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
