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
  /** What follows `@` in `uses:`; empty where the action lies in the workspace. */
  actionRef: string;
  /** Fires when the workflow is cancelled. */
  signal: AbortSignal;
}

export function contextFrom(env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Context {
  const workspace = process.cwd();
  return {
    workspace,
    temporary: env.RUNNER_TEMP || workspace,
    repository: env.GITHUB_REPOSITORY ?? '',
    run: env.GITHUB_RUN_ID ?? '',
    actionRef: env.GITHUB_ACTION_REF ?? '',
    signal,
  };
}
