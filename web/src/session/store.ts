// Holds who is signed in on this page, and tells whoever draws it. The verbs that change it are in `session.ts`.

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

/** The session as it is now. */
export function current(): Session {
  return session;
}

/** Makes this the session, keeps its tokens for the next load of the page, and has all that shows it draw anew. */
export function change(next: Session): void {
  session = next;
  if ('tokens' in next) issued.add(next.tokens.accessToken);
  writeTokens('tokens' in next ? next.tokens : null);
  listeners.forEach((listener) => listener());
}

/** Whether this page was given that token, as against one that a person typed into the headers. */
export function isOurs(accessToken: string): boolean {
  return issued.has(accessToken);
}

/** The session, for a component that draws anew whenever it changes. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
