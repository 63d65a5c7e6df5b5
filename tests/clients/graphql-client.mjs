// A minimal GraphQL client.

import assert from 'node:assert/strict';
import { address, required } from './environment.mjs';

/** The response `{ data, errors }`, and the cookies that it sets. */
export async function ask(url, query, { variables = {}, token, headers = {} } = {}) {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization, ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { ...(await response.json()), cookies: response.headers.getSetCookie() };
}

export const SIGN_IN = `mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken } errors { code message } }
}`;

/** Signs in a user of the demo, and returns the access token. */
export async function signIn(userId, password) {
  const { data } = await ask(address('/graphql'), SIGN_IN, { variables: { input: credentials(userId, password) } });
  assert.deepEqual(data.signIn.errors, []);
  return data.signIn.session.accessToken;
}

/** The sign-in input of a user of the demo. Initially, all users have the same password. */
export function credentials(userId = required('USERPROFILE_USER'), password = required('USERPROFILE_PASSWORD')) {
  return { domainId: required('USERPROFILE_DOMAIN'), userId, password };
}
