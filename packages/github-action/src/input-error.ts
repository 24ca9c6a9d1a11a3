/** An input is missing, unknown or contradicted by another. */
export class InputError extends Error {
  readonly input: string;
  constructor(input: string, message: string) {
    super(`Input '${input}': ${message}`);
    this.input = input;
  }
}
