// Queries that stay up to date: they are read again when the page opens, and when another tab has changed the account.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useCallback, useEffect } from 'react';
import { useQuery } from 'urql';
import { onChangeElsewhere } from './session';

/** A query without variables: its result, and a function that reads it again. */
export function useLiveQuery<Data>(query: TypedDocumentNode<Data, { [key: string]: never }>) {
  const [result, execute] = useQuery({ query, variables: {}, requestPolicy: 'cache-and-network' });
  const readAgain = useCallback(() => execute({ requestPolicy: 'network-only' }), [execute]);
  useEffect(() => onChangeElsewhere(readAgain), [readAgain]);
  return [result, readAgain] as const;
}
