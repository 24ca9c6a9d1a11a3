// Loaded before the action: it waits a fiftieth of every pause between two calls, so that a minute of look-ups takes a second.
// What it counts as waited stays the same, and so does the number of its look-ups; timeouts of requests keep their length.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const wait = timers.setTimeout;
timers.setTimeout = (milliseconds, ...rest) => wait(milliseconds / 50, ...rest);
syncBuiltinESMExports();
