// Who one is, and what one notes about oneself.

import { execute, type Endpoint } from './execute.js';
import { graphql, useFragment } from './gql/index.js';
import { PersonFragmentDoc, ProfileDocument, UpdateProfileErrorCode, UserRoleType } from './gql/graphql.js';

const Note = graphql(`
  mutation Note($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user {
        tags
      }
      errors {
        message
        code
        field
      }
    }
  }
`);

interface Profile {
  id: string;
  name: string | null | undefined;
  isAdministrator: boolean;
  since: Date;
}

export async function profile(endpoint: Endpoint): Promise<Profile> {
  const { data } = await execute(endpoint, ProfileDocument);
  if (!data?.me) throw new Error('Nobody is signed in.');
  const { id, name, roleType, createdAt } = useFragment(PersonFragmentDoc, data.me);
  return { id, name, isAdministrator: roleType === UserRoleType.DomainAdmin, since: new Date(createdAt) };
}

/** Replaces the tags; gives them as they are then, or tells that the timezone beside them is none. */
export async function note(
  endpoint: Endpoint,
  tags: Record<string, unknown>,
  timezone?: string,
): Promise<Record<string, unknown> | 'no such timezone'> {
  const { data } = await execute(endpoint, Note, { input: { tags, timezone } });
  const payload = data?.updateProfile;
  if (payload?.user) return payload.user.tags;
  if (payload?.errors.some(({ code }) => code === UpdateProfileErrorCode.Invalid)) return 'no such timezone';
  throw new Error('The tags were not taken.');
}
