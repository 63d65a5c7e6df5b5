// The user's profile and tags.

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
  if (!data?.me) throw new Error('The request is unauthenticated.');
  const { id, name, roleType, createdAt } = useFragment(PersonFragmentDoc, data.me);
  return { id, name, isAdministrator: roleType === UserRoleType.DomainAdmin, since: new Date(createdAt) };
}

/** Replaces the tags. Returns the new ones, or an error if the timezone is invalid. */
export async function note(
  endpoint: Endpoint,
  tags: Record<string, unknown>,
  timezone?: string,
): Promise<Record<string, unknown> | 'invalid timezone'> {
  const { data } = await execute(endpoint, Note, { input: { tags, timezone } });
  const payload = data?.updateProfile;
  if (payload?.user) return payload.user.tags;
  if (payload?.errors.some(({ code }) => code === UpdateProfileErrorCode.Invalid)) return 'invalid timezone';
  throw new Error('The tags were not changed.');
}
