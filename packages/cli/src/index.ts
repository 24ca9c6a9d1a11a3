/**
 * The command line as a function ({@link runCommandLine}) and its hot folder ({@link watchFolder}), for programs that embed them.
 *
 * @module @signstash-connect/cli
 */
export { type ExitCode, exitCodes } from './exit-codes.ts';
export type { CliIo, TextStream } from './io.ts';
export { runCommandLine } from './program.ts';
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
