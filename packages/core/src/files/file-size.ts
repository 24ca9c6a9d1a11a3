import { stat } from 'node:fs/promises';

/** Bytes of what has this name; undefined where nothing has. */
export const fileSize = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
