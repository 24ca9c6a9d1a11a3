import * as github from '@actions/core';

/** Where in the workspace a message belongs. */
export interface Place {
  title?: string;
  file?: string;
}

/** The parts of GitHub's runner that the action writes to. */
export interface Runner {
  /** Hides a text in everything that is printed from now on. */
  mask(secret: string): void;
  info(message: string): void;
  warning(message: string, place?: Place): void;
  error(message: string, place?: Place): void;
  /** Folds everything printed during the work under a title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}

export const runner: Runner = {
  mask: (secret) => github.setSecret(secret),
  info: (message) => github.info(withoutCommands(message)),
  warning: (message, place) => github.warning(message, place),
  error: (message, place) => github.error(message, place),
  group: (title, work) => github.group(title, work),
};

/**
 * The runner reads commands from every printed line: `::name::` at its start, `##[name]` anywhere. File names and messages of
 * the service must not be able to issue one; the toolkit escapes only the text of its own commands.
 */
const withoutCommands = (message: string) =>
  message
    .replace(/[\r\n]+/g, ' ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '## [');
