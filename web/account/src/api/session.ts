// The state of the session, shared by all tabs of the console.

/**
 * `unknown` until the first response; `ended` if the session was lost while the page was in use: then the user signs in
 * again on top of the page, so that nothing they typed is lost.
 */
export type SessionState = 'unknown' | 'signed-out' | 'signed-in' | 'ended';

/** What one tab tells the others. */
type Message = 'signed-in' | 'signed-out' | 'ended' | 'changed';

/** Where this browser remembers that a session may be there, although its access token has expired. */
const HINT = 'userprofile-account-signed-in';

let state: SessionState = 'unknown';
/** See `sessionClosed`. */
let isClosed = false;
const listeners = new Set<() => void>();
const changeListeners = new Set<() => void>();
const channel = new BroadcastChannel('userprofile-account');

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (isClosed) {
    // A sign-in has made outdated what this tab says. There is nothing to read for any other reason.
    if (data === 'signed-in') location.reload();
    return;
  }
  if (data === 'changed') return changeListeners.forEach((listener) => listener());
  if (data === 'ended') return end();
  // Another user may have signed in.
  if (data === 'signed-in' && state === 'signed-in') return changeListeners.forEach((listener) => listener());
  set(data);
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
  channel.postMessage('signed-in' satisfies Message);
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
  if (state === 'signed-in') channel.postMessage('ended' satisfies Message);
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
