// What the cache does when a session is ended.

import type { Cache, UpdateResolver, Variables } from '@urql/exchange-graphcache';
import type { RevokeSessionInput, RevokeSessionPayload } from '../gql/graphql';

/** Before the server has responded. */
export function revokedAtOnce() {
  return { __typename: 'RevokeSessionPayload', revoked: 1, errors: [] };
}

/** Removes the session from the list, or has the list read again if the server did not end it. */
export const removeSession: UpdateResolver<{ revokeSession?: RevokeSessionPayload | null }, Variables> = (result, { input }, cache) => {
  const me = cache.resolve('Query', 'me');
  if (typeof me !== 'string') return;
  const sessions = cache.resolve(me, 'sessions');
  if (result.revokeSession?.errors.length !== 0 || !isKeys(sessions)) return cache.invalidate(me, 'sessions');
  const ended = cache.keyOfEntity({ __typename: 'Session', id: (input as RevokeSessionInput).id });
  cache.link(me, 'sessions', sessions.filter((key) => key !== ended));
};

function isKeys(value: ReturnType<Cache['resolve']>): value is string[] {
  return Array.isArray(value) && value.every((key) => typeof key === 'string');
}
