/** Where the action runs. */
export type Context = ReturnType<typeof readContext>;

export function readContext(env: Readonly<Record<string, string | undefined>>) {
  /** Absolute; the working directory of every action. */
  const workspace = process.cwd();
  return {
    workspace,
    /** Emptied by the runner before and after each job. */
    temporary: env.RUNNER_TEMP || workspace,
    /** `owner/name`. */
    repository: env.GITHUB_REPOSITORY ?? '',
    /** The same for every attempt of a run. */
    run: env.GITHUB_RUN_ID ?? '',
    /** The part after `@` in `uses:`; empty if the action is in the workspace. */
    actionRef: env.GITHUB_ACTION_REF ?? '',
    /** Fires when the workflow is cancelled. */
    signal: cancellation(),
  };
}

/** The runner sends SIGINT, 7.5 s later SIGTERM, and 2.5 s later kills the process. */
function cancellation(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}
