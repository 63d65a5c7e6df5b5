// What the profile page reads and changes.

import { graphql } from '../../gql';
import type { ProfileQuery as ProfileData } from '../../gql/graphql';

export const ProfileQuery = graphql(`
  query Profile {
    me {
      id
      userId
      name
      language
      timezone
      email
      emailVerified
      pendingEmail
      authType
      roleType
      tags
      createdAt
      domain { id name }
    }
  }
`);

export type Me = NonNullable<ProfileData['me']>;

export const UpdateProfileMutation = graphql(`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user { id name language timezone email emailVerified pendingEmail }
      sentTo
      expiresAt
      errors { message code field retryAfter }
    }
  }
`);

export const VerifyEmailMutation = graphql(`
  mutation VerifyEmail($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
      sentTo
      expiresAt
      errors { message code field retryAfter }
    }
  }
`);

export const ConfirmEmailMutation = graphql(`
  mutation ConfirmEmail($input: ConfirmEmailInput!) {
    confirmEmail(input: $input) {
      user { id email emailVerified pendingEmail }
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);
