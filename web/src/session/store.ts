// Stores the session of this page, and notifies the components that show it. `session.ts` has the functions that
// change it.

import { useSyncExternalStore } from 'react';
import type { Message } from './messages';
import type { MfaChallenge, Person, SessionTokens } from './operations';
import { readTokens, writeTokens } from './tokens';

export type Session = { message: Message | null } & (
  | { phase: 'restoring'; tokens: SessionTokens }
  | { phase: 'signed-out' }
  | { phase: 'challenged'; challenge: MfaChallenge }
  | { phase: 'signed-in'; tokens: SessionTokens; person: Person }
);

const kept = readTokens();
const listeners = new Set<() => void>();
const issued = new Set<string>(kept ? [kept.accessToken] : []);
let session: Session = kept ? { phase: 'restoring', tokens: kept, message: null } : { phase: 'signed-out', message: null };

/** The current session. */
export function current(): Session {
  return session;
}

/** Sets the session, stores its tokens for the next load of the page, and renders its components again. */
export function change(next: Session): void {
  session = next;
  if ('tokens' in next) issued.add(next.tokens.accessToken);
  writeTokens('tokens' in next ? next.tokens : null);
  listeners.forEach((listener) => listener());
}

/** Whether this page obtained that token, in contrast to one that the user entered in the headers. */
export function isOurs(accessToken: string): boolean {
  return issued.has(accessToken);
}

/** The session, for a component that renders again whenever it changes. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
