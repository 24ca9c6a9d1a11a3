import { closest } from 'fastest-levenshtein';
import metadata from '../../action.yml';
import { InputError } from './input-error.ts';

/** An input's text by its name, trimmed; `''` where it was not given. */
export type RawInputs = (name: string) => string;

type Env = Readonly<Record<string, string | undefined>>;

/** Inputs come as `INPUT_` and the name in capitals, hyphens kept. */
const prefix = 'INPUT_';

export function rawInputs(env: Env): RawInputs {
  return (name) => {
    const declared = metadata.inputs[name];
    if (!declared) throw new TypeError(`action.yml declares no input '${name}'.`);
    return (env[prefix + name.toUpperCase()] ?? declared.default ?? '').trim();
  };
}

/**
 * Refuses a misspelt input, of which the runner only warns: the default would be used silently in its place.
 *
 * @throws {@link InputError} naming it and the input that was probably meant.
 */
export function refuseUnknownInputs(env: Env): void {
  const known = Object.keys(metadata.inputs);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(prefix)) continue;
    const name = variable.slice(prefix.length).toLowerCase();
    if (!known.includes(name))
      throw new InputError(name, `there is no such input; did you mean '${closest(name, known)}'?`);
  }
}
