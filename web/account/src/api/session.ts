// The state of the session, shared by all tabs of the console.

/**
 * `unknown` until the first response; `ended` if the session was lost while the page was in use: then the user signs in
 * again on top of the page, so that nothing they typed is lost.
 */
export type SessionState = 'unknown' | 'signed-out' | 'signed-in' | 'ended';

/** What one tab tells the others; the id of a user is that of the user who is signed in. */
type Message = 'signed-out' | 'ended' | 'changed' | { userId: string };

/** Where this browser remembers that a session may be there, although its access token has expired. */
const HINT = 'userprofile-account-signed-in';

let state: SessionState = 'unknown';
/** The id of the user whom this tab shows. */
let shownUser: string | null = null;
/** See `sessionClosed`. */
let isClosed = false;
const listeners = new Set<() => void>();
const changeListeners = new Set<() => void>();
const channel = new BroadcastChannel('userprofile-account');

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  const isSignIn = typeof data === 'object';
  if (isClosed) {
    // A sign-in has made outdated what this tab says. There is nothing to read for any other reason.
    if (isSignIn) location.reload();
    return;
  }
  if (data === 'changed') return changeListeners.forEach((listener) => listener());
  if (data === 'ended') return end();
  if (!isSignIn) return set(data);
  // Nothing of one user may reach the next, not even what they typed.
  if (shownUser && shownUser !== data.userId && state !== 'signed-out') location.reload();
  else set('signed-in');
});

export function currentSession(): SessionState {
  return state;
}

/** Calls `listener` when the session changes. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function isSignedIn(): boolean {
  return state === 'signed-in';
}

/** The user has signed in, here. */
export function signedIn(): void {
  set('signed-in');
}

/** This tab shows this user, who is signed in. */
export function userShown(userId: string): void {
  shownUser = userId;
  channel.postMessage({ userId } satisfies Message);
}

/** The first response shows that there is a session. */
export function sessionFound(): void {
  set('signed-in');
}

/** The user has signed out, here, or deleted the account. */
export function signedOut(): void {
  isClosed = false;
  set('signed-out');
  channel.postMessage('signed-out' satisfies Message);
}

/**
 * The server has ended the session, as the user wished, and this tab still says so, until they have read it and it calls
 * `signedOut`. The other tabs have nothing to show.
 */
export function sessionClosed(): void {
  isClosed = true;
  channel.postMessage('signed-out' satisfies Message);
}

/** The server has refused the session. */
export function sessionEnded(): void {
  if (state === 'signed-in' || localStorage.getItem(HINT) !== null) channel.postMessage('ended' satisfies Message);
  end();
}

/** The account was changed, here: other tabs read it again. */
export function accountChanged(): void {
  channel.postMessage('changed' satisfies Message);
}

/** Calls `listener` when another tab has changed the account. */
export function onChangeElsewhere(listener: () => void): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

function end(): void {
  set(state === 'signed-in' || state === 'ended' ? 'ended' : 'signed-out');
}

/** Whether it is worth a request to refresh the session. */
export function mayHaveSession(): boolean {
  return state !== 'unknown' || localStorage.getItem(HINT) !== null;
}

function set(next: SessionState): void {
  if (state === next) return;
  state = next;
  if (next === 'signed-in') localStorage.setItem(HINT, '1');
  if (next === 'signed-out') localStorage.removeItem(HINT);
  for (const listener of listeners) listener();
}
