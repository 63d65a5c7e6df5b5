// The GraphQL client, with a normalized cache: a mutation that returns an entity updates every page that shows it.

import { cacheExchange, type Cache, type Variables } from '@urql/exchange-graphcache';
import { Client, fetchExchange } from 'urql';
import type { RenamePasskeyInput, UpdateProfileInput } from '../gql/graphql';
import { removeSession, revokedAtOnce } from './session-cache';
import { ENDPOINT, fetchInSession } from './transport';

/** Types without an identity of their own: they belong to the entity that contains them. */
const EMBEDDED = ['Mfa', 'MfaOptions', 'RoleBindingInfo', 'WorkspaceGroupUser', 'PageInfo'];

/** A client with an empty cache: one for each user, so that none sees what another one has read. */
export function createClient(): Client {
  return new Client({
    url: ENDPOINT,
    fetch: fetchInSession,
    // Documents are sent as POST, like all requests with cookies.
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        keys: Object.fromEntries(EMBEDDED.map((name) => [name, () => null])),
        optimistic: { updateProfile: profileAtOnce, revokeSession: revokedAtOnce, renamePasskey: passkeyAtOnce },
        updates: {
          Mutation: {
            revokeSession: removeSession,
            revokeOtherSessions: (_result, _variables, cache) => readAgain(cache, 'sessions'),
            // It ends the other sessions.
            updatePassword: (_result, _variables, cache) => readAgain(cache, 'sessions'),
            confirmPasskey: (_result, _variables, cache) => readAgain(cache, 'passkeys'),
            removePasskey: (_result, _variables, cache) => readAgain(cache, 'passkeys'),
          },
        },
      }),
      fetchExchange,
    ],
  });
}

/** Has a field of the user read again by the pages that show it. */
function readAgain(cache: Cache, field: string): void {
  const me = cache.resolve('Query', 'me');
  if (typeof me === 'string') cache.invalidate(me, field);
}

/** Shows a new name, language, or time zone before the server has stored it. An email address is verified first. */
function profileAtOnce({ input }: Variables, cache: Cache) {
  const me = cache.resolve('Query', 'me');
  const { name, language, timezone } = input as UpdateProfileInput;
  if (typeof me !== 'string') return null;
  const changed = Object.entries({ name, language, timezone }).filter(([, value]) => value !== undefined);
  const user = { __typename: 'User', id: cache.resolve(me, 'id'), ...Object.fromEntries(changed) };
  return { __typename: 'UpdateProfilePayload', user, sentTo: null, expiresAt: null, errors: [] };
}

/** Shows the new name of a passkey before the server has stored it. */
function passkeyAtOnce({ input }: Variables) {
  const { id, name } = input as RenamePasskeyInput;
  return { __typename: 'RenamePasskeyPayload', passkey: { __typename: 'Passkey', id, name }, errors: [] };
}
