// The operations of the sign-in and of step-up authentication.

import { graphql } from '../gql';

export const SignInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      session { expiresAt }
      mfaChallenge { token mfaType sentTo passkeyOptions expiresAt }
      errors { message code field retryAfter }
    }
  }
`);

export const ConfirmSignInMutation = graphql(`
  mutation ConfirmSignIn($input: ConfirmSignInInput!) {
    confirmSignIn(input: $input) {
      session { expiresAt }
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);

export const StartPasskeySignInMutation = graphql(`
  mutation StartPasskeySignIn($input: StartPasskeySignInInput) {
    startPasskeySignIn(input: $input) {
      challenge { token options }
      errors { message code field retryAfter }
    }
  }
`);

export const ConfirmPasskeySignInMutation = graphql(`
  mutation ConfirmPasskeySignIn($input: ConfirmPasskeySignInInput!) {
    confirmPasskeySignIn(input: $input) {
      session { expiresAt }
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);

export const ReauthenticateMutation = graphql(`
  mutation Reauthenticate($input: ReauthenticateInput!) {
    reauthenticate(input: $input) {
      user { id }
      mfaChallenge { token mfaType sentTo passkeyOptions expiresAt }
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);

export const ResetPasswordMutation = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      ok
      errors { message code field retryAfter }
    }
  }
`);

/** Which user is signed in: also a request that refreshes the session if its access token has expired. */
export const WhoQuery = graphql(`
  query Who {
    me {
      id
      userId
      passkeys { id }
    }
  }
`);
