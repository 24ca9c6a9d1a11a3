/** Where in the workspace a message belongs. */
export interface Place {
  title?: string;
  file?: string;
}

/** What the action says to GitHub's runner. */
export interface Runner {
  /** Hides a text in everything that is printed from now on. */
  mask(secret: string): void;
  info(message: string): void;
  warning(message: string, place?: Place): void;
  error(message: string, place?: Place): void;
  /** Folds what is printed meanwhile under a title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}
