// Sign-in.

import { execute, type Endpoint } from './execute.js';
import { graphql } from './gql/index.js';
import type { SignInInput } from './gql/graphql.js';

const SignIn = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      session {
        accessToken
      }
      errors {
        message
      }
    }
  }
`);

/** Signs in, and returns the endpoint with the access token. */
export async function signIn(endpoint: Endpoint, input: SignInInput): Promise<Endpoint> {
  const { data, errors = [] } = await execute(endpoint, SignIn, { input });
  const accessToken = data?.signIn?.session?.accessToken;
  if (accessToken) return { ...endpoint, accessToken };
  const reasons = [...errors, ...(data?.signIn?.errors ?? [])].map(({ message }) => message);
  throw new Error(reasons.join(' ') || 'Sign-in failed.');
}
