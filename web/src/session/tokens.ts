// Keeps the tokens in sessionStorage: they exist as long as this browser tab, and no other tab can read them.

import type { SessionTokens } from './operations';

const KEY = 'userprofile.session';

export function readTokens(): SessionTokens | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as SessionTokens | null;
  } catch {
    return null;
  }
}

export function writeTokens(tokens: SessionTokens | null): void {
  if (tokens) sessionStorage.setItem(KEY, JSON.stringify(tokens));
  else sessionStorage.removeItem(KEY);
}
