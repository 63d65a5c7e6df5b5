// Offers passkeys in the field for the user id, as long as the form is shown and no other sign-in runs.

import { useEffect, useRef, useState } from 'react';
import { ActionFailed } from '../api/actions';
import { HAS_PASSKEYS, type Asking } from './passkey';

/** A challenge is valid for 5 minutes: before that, the offer is renewed. */
const RENEW_MS = 4 * 60_000;

/** `signIn` asks for a passkey and completes the sign-in. Returns what runs another sign-in instead of the offer. */
export function usePasskeyOffer(signIn: (asking: Asking) => Promise<void>) {
  const [round, setRound] = useState(0);
  const current = useRef<AbortController | null>(null);
  const latest = useRef(signIn);
  latest.current = signIn;

  useEffect(() => {
    const offered = new AbortController();
    current.current = offered;
    void offer((asking) => latest.current(asking), offered.signal);
    return () => offered.abort();
  }, [round]);

  return async function instead<Result>(other: () => Promise<Result>): Promise<Result> {
    // At once: browsers refuse a second request for a passkey.
    current.current?.abort();
    try {
      return await other();
    } finally {
      setRound((round) => round + 1);
    }
  };
}

async function offer(signIn: (asking: Asking) => Promise<void>, signal: AbortSignal): Promise<void> {
  if (!HAS_PASSKEYS || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  let isOutdated = true;
  while (isOutdated && !signal.aborted) {
    await untilVisible();
    if (signal.aborted) return;
    const renewal = AbortSignal.timeout(RENEW_MS);
    isOutdated = await signIn({ mediation: 'conditional', signal: AbortSignal.any([signal, renewal]) }).then(
      () => false,
      (failure: unknown) => {
        // The user has not asked for it, so its failures are not shown.
        if (failure instanceof ActionFailed) return renewal.aborted;
        throw failure;
      },
    );
  }
}

function untilVisible(): Promise<void> {
  if (document.visibilityState === 'visible') return Promise.resolve();
  return new Promise((resolve) => document.addEventListener('visibilitychange', () => resolve(), { once: true }));
}
