// A sign-in that waits for its second step. It survives a reload of this tab: users look for the code in other apps, and
// browsers of small devices unload the page meanwhile.

import type { Problem } from '../api/actions';
import type { MfaChallenge } from '../gql/graphql';

export interface Challenge extends Omit<MfaChallenge, '__typename'> {
  /** Who signs in. */
  userId: string;
  /** Where; null if the server has only one domain. */
  domainId: string | null;
  /** Why no code was sent. */
  problem?: Problem | undefined;
}

/** What completes a challenge. */
export type Factor = { verifyCode: string } | { credential: Record<string, unknown> };

const KEY = 'userprofile.challenge';

export function keepChallenge(challenge: Challenge): void {
  // The wait that the problem names is over sooner or later.
  sessionStorage.setItem(KEY, JSON.stringify({ ...challenge, problem: undefined }));
}

/** The challenge that this tab has kept, unless it has expired. */
export function keptChallenge(): Challenge | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Challenge | null;
    return kept && Date.parse(kept.expiresAt) > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

export function dropChallenge(): void {
  sessionStorage.removeItem(KEY);
}

/** Whether the challenge is over, so that the user must begin again. */
export function isOver(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => code === 'INVALID_TOKEN' || code === 'EXPIRED_CODE' || code === 'NOTHING_PENDING');
}
