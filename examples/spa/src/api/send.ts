// Sends one request to UserProfile. A header requests a cookie session, whose cookies no script can read.

import type { TypedDocumentString } from '../gql/graphql';

const ENDPOINT: string = import.meta.env.VITE_GRAPHQL_URL ?? '/graphql';

export interface GraphQLResponse<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** A failed request, with a message for the user. */
export class RequestFailed extends Error {}

export async function send<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables?: Variables,
): Promise<GraphQLResponse<Data>> {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    // If the API is on another host of the same site, its cookies must be sent too.
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
    throw new RequestFailed(`The server returned status ${response.status} without JSON. Please try again in a moment.`);
  });
}
