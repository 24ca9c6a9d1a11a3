/** The part of undici's dispatcher that is used here. */
interface Dispatcher {
  dispatch(options: object, handler: unknown): boolean;
}

/**
 * Where Node's own `fetch` finds its dispatcher, or the proxy agent that the application has set. undici 8 (Node 26) uses the second
 * symbol; there the first holds a wrapper for older handlers.
 */
const slot = Symbol.for(`undici.globalDispatcher.${Number.parseInt(process.versions.undici ?? '', 10) >= 8 ? 2 : 1}`);

/**
 * Passes requests to the process-wide dispatcher without its limits of 300 s for the response's headers and between two of its
 * chunks: signing a large batch may take longer, and every request here has its own timeout.
 */
const withoutLimits: Dispatcher = {
  dispatch: (options, handler) =>
    (globalDispatcher() as Dispatcher).dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
};

const globalDispatcher = () => (globalThis as { [key: symbol]: Dispatcher | undefined })[slot];

/** The runtime's `fetch`, without its built-in timeouts where it has them. */
export const fetchWithoutTimeouts: typeof fetch = (input, init) =>
  fetch(input, globalDispatcher() ? ({ ...init, dispatcher: withoutLimits } as RequestInit) : init);
