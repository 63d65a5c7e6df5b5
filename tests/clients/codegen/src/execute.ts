// Sends a generated document over HTTP, whole or by its id, and gives back what came, typed.

import type { ExecutionResult } from 'graphql';
import type { TypedDocumentString } from './gql/graphql.js';

export interface Endpoint {
  url: string;
  accessToken?: string;
  /** Whether to send the id that the manifest gives the document, in place of the document. */
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
