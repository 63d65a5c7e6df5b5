// The actions on the session: resume, sign in, complete the challenge, refresh, sign out.
// Failures are shown as the session's message; these functions do not throw.

import { askAuthenticator } from './passkey';
import { fromChallenge, fromErrors, fromFailure, SESSION_ENDED, SIGNED_IN, SIGNED_OUT, type Message } from './messages';
import * as api from './operations';
import { change, current } from './store';

/** Resumes the session of an earlier load of this page, if it is still valid. */
export async function restore(): Promise<void> {
  const session = current();
  if (session.phase !== 'restoring') return;
  await showingFailures(async () => {
    const admitted = await withFreshTokens(session.tokens, (tokens) => admit(tokens, null));
    if (!admitted) leave(SESSION_ENDED);
  });
}

export async function signIn(credentials: api.Credentials): Promise<void> {
  await showingFailures(async () => {
    const { session: tokens, mfaChallenge, errors } = await api.signIn(credentials);
    if (tokens) await admit(tokens, SIGNED_IN);
    else if (mfaChallenge) challenge(mfaChallenge, errors);
    else say(fromErrors(errors));
  });
}

/** Signs in with a passkey, which says whose it is. */
export async function signInWithPasskey(): Promise<void> {
  await showingFailures(async () => {
    const { challenge, errors } = await api.startPasskeySignIn();
    if (!challenge) return say(fromErrors(errors));
    const credential = await askAuthenticator(challenge.options);
    const { session: tokens, errors: refusals } = await api.confirmPasskeySignIn(challenge.token, credential);
    if (tokens) await admit(tokens, SIGNED_IN);
    else say(fromErrors(refusals));
  });
}

/** Completes the challenge with the code from the email or the app, or with a recovery code. */
export async function confirmSignIn(verifyCode: string): Promise<void> {
  const session = current();
  if (session.phase !== 'challenged') return;
  await showingFailures(async () => {
    const { session: tokens, errors } = await api.confirmSignIn(session.challenge.token, verifyCode);
    if (tokens) await admit(tokens, SIGNED_IN);
    else say(fromErrors(errors));
  });
}

/** Abandons the challenge and asks for the password again. */
export function startOver(): void {
  leave(null);
}

/** Removes the tokens first, so that the user is signed out here even if the request fails. */
export async function signOut(): Promise<void> {
  const session = current();
  if (session.phase !== 'signed-in') return;
  leave(SIGNED_OUT);
  await showingFailures(async () => {
    await withFreshTokens(session.tokens, (tokens) => api.signOut(tokens.accessToken));
  });
}

let renewal: Promise<string | null> | null = null;

/**
 * An access token for another attempt after `refused` was not accepted: the current one if it is newer, otherwise a new
 * one.
 *
 * Concurrent requests share one refresh. Null if the session has ended; then the page shows that.
 */
export async function renew(refused: string): Promise<string | null> {
  const session = current();
  if (session.phase !== 'signed-in') return null;
  if (session.tokens.accessToken !== refused) return session.tokens.accessToken;
  renewal ??= refresh(session.tokens.refreshToken).finally(() => (renewal = null));
  return renewal;
}

async function refresh(refreshToken: string): Promise<string | null> {
  const { session: tokens } = await api.refreshSession(refreshToken);
  const session = current();
  if (session.phase !== 'signed-in') return null;
  if (tokens) change({ ...session, tokens });
  else leave(SESSION_ENDED);
  return tokens?.accessToken ?? null;
}

/** Runs it with these tokens, and again with new ones if they have expired. Null if the session has ended. */
async function withFreshTokens<T>(tokens: api.SessionTokens, work: (tokens: api.SessionTokens) => Promise<T>): Promise<T | null> {
  try {
    return await work(tokens);
  } catch (failure) {
    if (!api.isRefusedToken(failure)) throw failure;
  }
  const { session: fresh } = await api.refreshSession(tokens.refreshToken);
  return fresh && work(fresh);
}

async function admit(tokens: api.SessionTokens, message: Message | null): Promise<true> {
  const person = await api.whoAmI(tokens.accessToken);
  change({ phase: 'signed-in', tokens, person, message });
  return true;
}

function challenge(mfaChallenge: api.MfaChallenge, errors: api.UserError[]): void {
  change({ phase: 'challenged', challenge: mfaChallenge, message: fromChallenge(mfaChallenge, errors) });
}

function leave(message: Message | null): void {
  change({ phase: 'signed-out', message });
}

function say(message: Message): void {
  change({ ...current(), message });
}

/** Runs it, and shows its failure as the message of the session. */
async function showingFailures(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (failure) {
    const message = fromFailure(failure);
    if (current().phase === 'restoring') leave(message);
    else say(message);
  }
}
