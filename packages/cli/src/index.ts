/**
 * The hot folder of the command line, for programs. Start at {@link watchFolder}.
 *
 * @module @signstash-connect/cli
 */
export type { Folders } from './watch/folders.ts';
export type {
  WatchClient,
  WatchDelays,
  WatchEvent,
  WatchedFile,
  WatchOptions,
  WatchProblem,
  WatchStatus,
} from './watch/options.ts';
export { type FolderWatch, watchFolder } from './watch/watch-folder.ts';
