// Executes typed documents. When the session's short-lived access token has expired, the session is refreshed, once for
// all requests in flight, and each request is repeated. Callers of `execute` do not notice.

import { graphql } from '../gql';
import type { TypedDocumentString } from '../gql/graphql';
import { RequestFailed, send, type GraphQLResponse } from './send';

/** The request is unauthenticated, or the session has ended. */
export class SignedOut extends Error {}

type Arguments<Variables> = Variables extends Record<string, never> ? [] : [variables: Variables];

const RefreshSession = graphql(`
  mutation RefreshSession {
    refreshSession {
      session { expiresAt }
    }
  }
`);

let refreshes = 0;
let refreshing: Promise<void> | null = null;

/** Returns the data; throws `SignedOut`, or `RequestFailed` with the first top-level error. */
export async function execute<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  ...[variables]: Arguments<Variables>
): Promise<Data> {
  const before = refreshes;
  const response = await send(document, variables);
  if (!isUnauthenticated(response)) return dataOf(response);
  // The session may have been refreshed since this slow request was sent.
  if (before === refreshes) await (refreshing ??= refresh().finally(() => (refreshing = null)));
  return dataOf(await send(document, variables));
}

/** Returns the payload of a document with one mutation. */
export async function mutate<Data extends object, Variables>(
  document: TypedDocumentString<Data, Variables>,
  ...variables: Arguments<Variables>
): Promise<NonNullable<Data[keyof Data]>> {
  const data = await execute(document, ...variables);
  const [payload] = Object.values(data);
  return payload;
}

async function refresh(): Promise<void> {
  const { refreshSession } = dataOf(await send(RefreshSession));
  if (!refreshSession?.session) throw new SignedOut();
  refreshes += 1;
}

function dataOf<Data>(response: GraphQLResponse<Data>): Data {
  if (isUnauthenticated(response)) throw new SignedOut();
  const [error] = response.errors ?? [];
  if (error) throw new RequestFailed(error.message);
  if (!response.data) throw new RequestFailed('The server returned no data. Please try again in a moment.');
  return response.data;
}

function isUnauthenticated({ errors }: GraphQLResponse<unknown>): boolean {
  return errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ?? false;
}
