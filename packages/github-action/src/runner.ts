import * as github from '@actions/core';

/** The parts of GitHub's runner that the action writes to. */
export const runner = {
  /** Hides a text in everything that is printed from now on. */
  mask: (secret: string): void => github.setSecret(secret),
  info: (message: string): void => github.info(withoutCommands(message)),
  warning: (message: string): void => github.warning(message),
  error: (message: string, place: { title: string; file: string }): void => github.error(message, place),
  /** Folds everything printed during the work under a title. */
  group: <T>(title: string, work: () => Promise<T>): Promise<T> => github.group(title, work),
};

export type Runner = typeof runner;

/**
 * The runner reads commands from every printed line: `::name::` at its start, `##[name]` anywhere. File names and messages of
 * the service must not be able to issue one; the toolkit escapes only the text of commands that it prints.
 */
const withoutCommands = (message: string) =>
  message
    .replace(/[\r\n]+/g, ' ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '## [');
