// The mutation for profile and email address. An omitted input leaves its value unchanged.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import type { UpdateProfileInput } from '../gql/graphql';
import { show } from '../visitor';

const UpdateProfile = graphql(`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user { ...Account }
      errors { message code field }
    }
  }
`);

export async function updateProfile(input: UpdateProfileInput) {
  const payload = await mutate(UpdateProfile, { input });
  if (payload.user) await show(payload.user);
  return payload;
}
