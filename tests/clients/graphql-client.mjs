// The least of a GraphQL client: asks, and signs in.

import assert from 'node:assert/strict';
import { address, required } from './environment.mjs';

/** What that endpoint answers, as `{ data, errors }`, and the cookies that it sets beside it. */
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

/** The access token of that user of the demo. */
export async function signIn(userId, password) {
  const { data } = await ask(address('/graphql'), SIGN_IN, { variables: { input: credentials(userId, password) } });
  assert.deepEqual(data.signIn.errors, []);
  return data.signIn.session.accessToken;
}

/** What signs a user of the demo in; all have the same password at first. */
export function credentials(userId = required('USERPROFILE_USER'), password = required('USERPROFILE_PASSWORD')) {
  return { domainId: required('USERPROFILE_DOMAIN'), userId, password };
}
