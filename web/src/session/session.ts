// What can be done with the session: take it up again, sign in, answer the challenge, renew, sign out.
// Failures are shown as the session's message; nothing here throws to whoever clicked.

import { fromChallenge, fromFailure, fromRefusals, SESSION_ENDED, SIGNED_IN, SIGNED_OUT, type Message } from './messages';
import * as api from './operations';
import { change, current } from './store';

/** Takes up the session that an earlier load of this page left behind, if it still stands. */
export async function restore(): Promise<void> {
  const session = current();
  if (session.phase !== 'restoring') return;
  await telling(async () => {
    const admitted = await withFreshTokens(session.tokens, (tokens) => admit(tokens, null));
    if (!admitted) leave(SESSION_ENDED);
  });
}

export async function signIn(credentials: api.Credentials): Promise<void> {
  await telling(async () => {
    const { session: tokens, mfaChallenge, errors } = await api.signIn(credentials);
    if (tokens) await admit(tokens, SIGNED_IN);
    else if (mfaChallenge) challenge(mfaChallenge, errors);
    else say(fromRefusals(errors));
  });
}

/** Answers the challenge with the code from the mail or the app, or with a recovery code. */
export async function confirmSignIn(verifyCode: string): Promise<void> {
  const session = current();
  if (session.phase !== 'challenged') return;
  await telling(async () => {
    const { session: tokens, errors } = await api.confirmSignIn(session.challenge.token, verifyCode);
    if (tokens) await admit(tokens, SIGNED_IN);
    else say(fromRefusals(errors));
  });
}

/** Leaves the challenge unanswered and asks for the password again. */
export function startOver(): void {
  leave(null);
}

/** Forgets the tokens first: whoever signs out is signed out here, whatever becomes of the request. */
export async function signOut(): Promise<void> {
  const session = current();
  if (session.phase !== 'signed-in') return;
  leave(SIGNED_OUT);
  await telling(async () => {
    await withFreshTokens(session.tokens, (tokens) => api.signOut(tokens.accessToken));
  });
}

let renewal: Promise<string | null> | null = null;

/**
 * An access token to try again with after `refused` was: the present one if it is newer, else a fresh one.
 *
 * Requests that are refused at the same time share one refresh. Null if the session is over, and then the page says so.
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

/** Does it with these tokens, and once more with fresh ones if they have run out. Null if the session is over. */
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

async function telling(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (failure) {
    const message = fromFailure(failure);
    if (current().phase === 'restoring') leave(message);
    else say(message);
  }
}
