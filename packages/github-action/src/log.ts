/** The runner's words that the action uses; given from outside so that nothing below knows of it. */
export interface Log {
  mask(secret: string): void;
  info(message: string): void;
  warning(message: string, about?: { title?: string; file?: string }): void;
  error(message: string, about?: { title?: string; file?: string }): void;
  group<T>(name: string, work: () => Promise<T>): Promise<T>;
}
