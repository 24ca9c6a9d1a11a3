/** An input is missing, unknown, wrong or contradicted by another. */
export class InputError extends Error {
  /** @param problem - Follows the input's name, in a sentence. */
  constructor(input: string, problem: string) {
    super(`Input '${input}': ${problem}`);
  }
}
