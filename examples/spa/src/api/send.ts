// One request to UserProfile. The session is in cookies that no script can read; a header asks for that.

import type { TypedDocumentString } from '../gql/graphql';

const ENDPOINT: string = import.meta.env.VITE_GRAPHQL_URL ?? '/graphql';

export interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Why something could not be done, in a sentence for people. */
export class RequestFailed extends Error {}

export async function send<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables?: Variables,
): Promise<Answer<Data>> {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    // Where the API is on another host of the same site, its cookies have to come along too.
    credentials: 'include',
    headers: {
      Accept: 'application/graphql-response+json',
      'Content-Type': 'application/json',
      'X-UserProfile-Session': 'cookie',
    },
    body: JSON.stringify({ query: document, variables }),
  }).catch(() => {
    throw new RequestFailed('The server cannot be reached. Please try again in a moment.');
  });
  return response.json().catch(() => {
    throw new RequestFailed(`The server answered ${response.status}. Please try again in a moment.`);
  });
}
