import type { Response } from 'express';

/** Fires when the caller hangs up before the answer is complete, so that no work goes on for nobody. */
export function abortOnClose(res: Response): AbortSignal {
  const controller = new AbortController();
  const hangUp = () => {
    if (!res.writableFinished) controller.abort(new Error('The caller closed the connection.'));
  };
  if (res.destroyed) hangUp();
  else res.once('close', hangUp);
  return controller.signal;
}
