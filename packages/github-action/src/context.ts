/** Where the action runs. */
export interface Context {
  /** Absolute; the working directory of every action. */
  workspace: string;
  /** Emptied by the runner before and after each job. */
  temporary: string;
  /** `owner/name`. */
  repository: string;
  /** The same for every attempt of a run. */
  run: string;
  /** The part after `@` in `uses:`; empty if the action is in the workspace. */
  actionRef: string;
  /** Fires when the workflow is cancelled. */
  signal: AbortSignal;
}

export function contextFrom(env: Readonly<Record<string, string | undefined>>): Context {
  const workspace = process.cwd();
  return {
    workspace,
    temporary: env.RUNNER_TEMP || workspace,
    repository: env.GITHUB_REPOSITORY ?? '',
    run: env.GITHUB_RUN_ID ?? '',
    actionRef: env.GITHUB_ACTION_REF ?? '',
    signal: cancellation(),
  };
}

/** The runner sends SIGINT, 7.5 s later SIGTERM, and 2.5 s later kills the process. */
function cancellation(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}
