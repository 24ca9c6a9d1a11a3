/** Timers take a longer time as "at once". */
const longestMs = 2 ** 31 - 1;

/** A signal that fires after so many milliseconds, and keeps no process alive until then. */
export const deadline = (milliseconds: number): AbortSignal =>
  AbortSignal.timeout(Math.ceil(Math.min(milliseconds, longestMs)));
