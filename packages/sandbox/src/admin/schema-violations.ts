import { findSchemaViolations, type ServiceAnswer } from '../wire/answer-check.ts';

const kept = 100;

/** Answers that violate the sandbox's own OpenAPI description, which is a defect of the sandbox. */
export class SchemaViolations {
  #found: string[] = [];

  check(answer: ServiceAnswer): void {
    this.#found.push(...findSchemaViolations(answer));
    this.#found.length = Math.min(this.#found.length, kept);
  }

  snapshot(): string[] {
    return [...this.#found];
  }

  clear(): void {
    this.#found = [];
  }
}
