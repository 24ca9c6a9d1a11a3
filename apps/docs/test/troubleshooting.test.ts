import { expect, test } from 'vitest';
import { read } from './support/pages.ts';
import { provokeAll } from './support/provoke.ts';

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

test('the page lists exactly the messages that these situations produce', {
  timeout: 60_000,
}, async () => {
  const quoted = [...read('apps/docs/troubleshooting.md').matchAll(/^### `(.+)`$/gm)].map(
    ([, message = '']) => message,
  );
  const patterns = quoted.map((message) => new RegExp(`^${message.split('…').map(literal).join('.+')}$`, 's'));
  const messages = (await provokeAll()).map(({ message }) => message);
  expect(quoted.filter((_, index) => !messages.some((message) => patterns[index]?.test(message)))).toEqual([]);
  expect(messages.filter((message) => !patterns.some((pattern) => pattern.test(message)))).toEqual([]);
});
