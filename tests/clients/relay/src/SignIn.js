// Sign-in.

import { graphql } from 'relay-runtime';

graphql`
  mutation SignInMutation($input: SignInInput!) {
    signIn(input: $input) {
      session {
        accessToken
      }
      errors {
        message
      }
    }
  }
`;
