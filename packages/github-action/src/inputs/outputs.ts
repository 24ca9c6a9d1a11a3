import { resolve } from 'node:path';
import { InputError } from './input-error.ts';
import type { RawInputs } from './raw-inputs.ts';
import { flag, optional } from './values.ts';

/** Where sealed files go. */
export interface OutputInputs {
  inPlace: boolean;
  /** Relative to the workspace. */
  outputDirectory: string | undefined;
  /** Put before the extension of output names. */
  suffix: string;
  overwrite: boolean;
}

export function outputs(raw: RawInputs): OutputInputs {
  const inPlace = flag(raw, 'in-place');
  const [outputDirectory, suffix] = ['output-directory', 'suffix'].map((input) => optional(raw, input));
  if (inPlace && outputDirectory) throw new InputError('in-place', "it contradicts 'output-directory'.");
  if (inPlace && suffix) throw new InputError('in-place', "it contradicts 'suffix'.");
  if (suffix && /[\\/]/.test(suffix)) throw new InputError('suffix', 'it is part of a name and holds no slash.');
  if (outputDirectory && !suffix && resolve(outputDirectory) === resolve()) {
    throw new InputError(
      'output-directory',
      "sealed files would replace the originals: give 'suffix', or use 'in-place'.",
    );
  }
  return {
    inPlace,
    outputDirectory,
    suffix: suffix ?? (inPlace || outputDirectory ? '' : '-signed'),
    overwrite: flag(raw, 'overwrite'),
  };
}
