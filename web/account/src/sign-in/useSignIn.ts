// The steps of a sign-in: the password, and a code if the server asks for one; or a passkey alone.

import { useCallback, useState } from 'react';
import { errorsOf, useAction, type Problem } from '../api/actions';
import { dropChallenge, isOver, keepChallenge, type Challenge, type Factor } from './challenge';
import { ConfirmPasskeySignInMutation, ConfirmSignInMutation, SignInMutation, StartPasskeySignInMutation } from './operations';
import { askAuthenticator, type Asking } from './passkey';

export interface User {
  userId: string;
  domainId: string | null;
}

/** Each step returns its errors. `onSignedIn` gets the user, if it is known: not after a sign-in with a passkey. */
export function useSignIn(kept: Challenge | null, onSignedIn: (user?: User) => void) {
  const act = useAction();
  const [challenge, setChallenge] = useState(kept);
  const [hasExpired, setExpired] = useState(false);

  const startOver = useCallback(() => {
    dropChallenge();
    setChallenge(null);
  }, []);

  const finish = useCallback(
    (user?: User) => {
      dropChallenge();
      onSignedIn(user);
    },
    [onSignedIn],
  );

  async function withPassword(user: User, password: string): Promise<readonly Problem[]> {
    setExpired(false);
    const payload = await act(SignInMutation, { input: { ...user, password } });
    const problems = errorsOf(payload);
    if (payload.session) finish(user);
    if (!payload.mfaChallenge) return problems;
    const next = { ...payload.mfaChallenge, ...user, problem: problems[0] };
    keepChallenge(next);
    setChallenge(next);
    return [];
  }

  async function withFactor(factor: Factor): Promise<readonly Problem[]> {
    if (!challenge) return [];
    const payload = await act(ConfirmSignInMutation, { input: { challengeToken: challenge.token, ...factor } });
    const problems = errorsOf(payload);
    if (payload.session) finish(challenge);
    if (!isOver(problems)) return problems;
    startOver();
    setExpired(true);
    return [];
  }

  /** With a passkey of this user, or of any. */
  async function withPasskey(user?: User, asking?: Asking): Promise<readonly Problem[]> {
    const started = await act(StartPasskeySignInMutation, { input: user ?? null });
    if (!started.challenge) return errorsOf(started);
    const credential = await askAuthenticator(started.challenge.options, asking);
    const input = { challengeToken: started.challenge.token, credential };
    const payload = await act(ConfirmPasskeySignInMutation, { input });
    if (payload.session) finish(user);
    return errorsOf(payload);
  }

  return { challenge, hasExpired, startOver, withPassword, withFactor, withPasskey };
}

export type SignInSteps = ReturnType<typeof useSignIn>;
