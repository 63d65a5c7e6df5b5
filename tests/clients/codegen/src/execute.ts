// Sends a generated document, or its id, over HTTP, and returns the typed response.

import type { ExecutionResult } from 'graphql';
import type { TypedDocumentString } from './gql/graphql.js';

export interface Endpoint {
  url: string;
  accessToken?: string;
  /** Whether to send the document's id in the manifest instead of the document. */
  byId?: boolean;
}

export async function execute<Result, Variables>(
  { url, accessToken, byId = false }: Endpoint,
  document: TypedDocumentString<Result, Variables>,
  ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
): Promise<ExecutionResult<Result>> {
  const named = byId ? { documentId: document.__meta__?.['hash'] } : { query: document.toString() };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json',
      ...(accessToken ? { Authorization: `Bearer ${accessToken}` } : {}),
    },
    body: JSON.stringify({ ...named, variables }),
  });
  return response.json() as Promise<ExecutionResult<Result>>;
}
