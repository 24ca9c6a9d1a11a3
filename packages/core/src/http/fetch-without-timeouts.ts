/** The part of undici's dispatcher that is used here. */
interface Dispatcher {
  dispatch(options: object, handler: unknown): boolean;
}

/** Where Node's own `fetch`, and anybody who sets a proxy agent for it, keeps the dispatcher. */
const globalDispatcher = Symbol.for('undici.globalDispatcher.1');

/**
 * Hands requests to the process-wide dispatcher, proxies and all, without its limits of 300 s for the answer's head and
 * between two of its chunks: sealing a large batch may take longer, and every request here has a deadline of its own.
 */
const withoutLimits: Dispatcher = {
  dispatch: (options, handler) => shared()!.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
};

const shared = () => (globalThis as { [globalDispatcher]?: Dispatcher })[globalDispatcher];

/** The runtime's `fetch`, free of its hidden time limits where the runtime has them. */
export const fetchWithoutTimeouts: typeof fetch = (input, init) =>
  fetch(input, shared() ? ({ ...init, dispatcher: withoutLimits } as RequestInit) : init);
