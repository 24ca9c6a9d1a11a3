import { styleText } from 'node:util';
import type { CliIo } from './io.ts';

type Format = Parameters<typeof styleText>[0];

export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
  /** False with `--no-color`. */
  color?: boolean;
}

/**
 * Results go to stdout; problems, warnings and progress to stderr. With `json`, stdout has nothing but JSON, one object per line; with
 * `quiet`, only problems are printed.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether a person reads stdout. */
  readonly isTerminal: boolean;
  readonly #io: CliIo;
  readonly #color: boolean;

  constructor(io: CliIo, { json = false, quiet = false, color = true }: OutputFlags) {
    this.#io = io;
    this.json = json;
    this.quiet = quiet;
    this.isTerminal = io.stdout.isTTY === true && !json && !quiet;
    this.#color = color && !io.env.NO_COLOR && io.stdout.isTTY === true && io.stderr.isTTY === true;
  }

  /** One result for programs, only with `json`. */
  object(object: object): void {
    if (this.json) this.#io.stdout.write(`${JSON.stringify(object)}\n`);
  }

  /** One line for people. */
  line(text = ''): void {
    if (!this.json && !this.quiet) this.#io.stdout.write(`${text}\n`);
  }

  /** A result in both forms. */
  result(object: object, text: string): void {
    this.object(object);
    this.line(text);
  }

  /** Something that the user should know although the command continues. */
  warn(text: string): void {
    if (!this.quiet) this.#io.stderr.write(`${this.style('yellow', 'warning:')} ${oneLine(text)}\n`);
  }

  problem(text: string): void {
    this.#io.stderr.write(`${this.style('red', 'error:')} ${text}\n`);
  }

  style(format: Format, text: string): string {
    return this.#color ? styleText(format, text, { validateStream: false }) : text;
  }

  /** Left-aligned columns. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const clean = rows.map((row) => row.map(oneLine));
    const widths = head.map((title, column) => Math.max(title.length, ...clean.map((row) => row[column]?.length ?? 0)));
    const format = (row: readonly string[]) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd();
    this.line(this.style('bold', format(head)));
    for (const row of clean) this.line(format(row));
  }
}

/** Names and messages come from outside: control characters must not reach a terminal or split a line. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
