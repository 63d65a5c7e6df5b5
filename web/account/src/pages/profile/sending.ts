// Sending a code to the address that is not verified yet, and the result of the last attempt.

import { useState } from 'react';
import { ActionFailed, errorsOf, useAction, type Problem } from '../../api/actions';
import { UpdateProfileMutation, VerifyEmailMutation } from './documents';

export interface Sent {
  address: string;
  expiresAt: string;
}

export type Sending = ReturnType<typeof useSending>;

export function useSending() {
  const act = useAction();
  const [isBusy, setBusy] = useState(false);
  const [sent, setSent] = useState<Sent | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function attempt(action: () => Promise<readonly Problem[]>): Promise<Problem | null> {
    setBusy(true);
    setProblem(null);
    const refusal = await action().then(([first]) => first ?? null, problemOfFailure).finally(() => setBusy(false));
    setProblem(refusal);
    return refusal;
  }

  return {
    isBusy,
    sent,
    problem,
    /** Remembers a code that a change of the address has sent. */
    note: setSent,
    reset: () => {
      setSent(null);
      setProblem(null);
    },
    /** Sends a code. Returns why that was refused. */
    send: () =>
      attempt(async () => {
        const payload = await act(VerifyEmailMutation, { input: {} });
        if (payload.sentTo && payload.expiresAt) setSent({ address: payload.sentTo, expiresAt: payload.expiresAt });
        return errorsOf(payload);
      }),
    /** Gives up a pending address, by setting the current one. Returns why that was refused. */
    cancel: (current: string) =>
      attempt(async () => errorsOf(await act(UpdateProfileMutation, { input: { email: current } }))),
  };
}

function problemOfFailure(failure: unknown): Problem {
  if (failure instanceof ActionFailed) return failure.problem;
  throw failure;
}
