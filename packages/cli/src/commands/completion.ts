import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';

const shells = { bash, zsh, fish };

export function addCompletionCommand(program: Command, io: CliIo, createWhole: () => Promise<Command>): void {
  program
    .command('completion')
    .description('Print a completion script')
    .addArgument(program.createArgument('<shell>').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      `
Examples:
  $ signstash completion bash > /etc/bash_completion.d/signstash
  $ signstash completion zsh > "\${fpath[1]}/_signstash"
  $ signstash completion fish > ~/.config/fish/completions/signstash.fish`,
    )
    .action(async (shell: keyof typeof shells) => {
      io.stdout.write(shells[shell](describe(await createWhole())));
      io.exitCode = exitCodes.ok;
    });
}

interface Described {
  name: string;
  description: string;
  options: { flag: string; description: string; takesValue: boolean }[];
}

function describe(program: Command): Described[] {
  const options = (command: Command) =>
    command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, description, required }) => ({
        flag: long ?? '',
        description: description.split(/[;:(]/)[0]?.trim() ?? '',
        takesValue: required,
      }));
  const global = options(program);
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...options(command), ...global, { flag: '--help', description: 'display help', takesValue: false }],
  }));
}

/** Files are completed where no word matches. */
function bash(commands: Described[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map(({ flag }) => flag).join(' ')}" ;;`,
  );
  return `_signstash() {
  local words command word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
${cases.join('\n')}
    *) words="${commands.map(({ name }) => name).join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -o bashdefault -F _signstash signstash
`;
}

function zsh(commands: Described[]): string {
  const text = (value: string) => value.replace(/['[\]:\\]/g, '');
  const cases = commands.map(({ name, options }) => {
    const specs = options.map(
      ({ flag, description, takesValue }) => `'${flag}[${text(description)}]${takesValue ? ':value:_files' : ''}'`,
    );
    return `    ${name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`;
  });
  return `#compdef signstash
_signstash() {
  local -a commands
  commands=(${commands.map(({ name, description }) => `'${name}:${text(description)}'`).join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _signstash ]]; then _signstash "$@"; else compdef _signstash signstash; fi
`;
}

function fish(commands: Described[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c signstash -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ...options.map(
      ({ flag, description, takesValue }) =>
        `complete -c signstash -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d ${quote(description)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
