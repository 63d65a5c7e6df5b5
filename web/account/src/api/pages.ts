// A list that is read in pages, each after the previous one.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useState } from 'react';
import { useClient, useQuery, type CombinedError } from 'urql';

/** One page, as the server returned it. */
export interface ListPage<Item> {
  items: readonly Item[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface List<Item> {
  items: readonly Item[];
  totalCount: number;
  hasMore: boolean;
}

interface Later<Item> {
  /** The variables that these pages are for. */
  key: string;
  pages: readonly ListPage<Item>[];
  error?: CombinedError | undefined;
  isBusy: boolean;
}

/** The pages read so far, as one list: null until the first has arrived. `pageOf` finds the page in a response. */
export function useList<Data, Variables extends { after?: string | null | undefined }, Item>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  pageOf: (data: Data) => ListPage<Item> | null | undefined,
) {
  const client = useClient();
  const key = JSON.stringify(variables);
  const nothing: Later<Item> = { key, pages: [], isBusy: false };
  const [state, setState] = useState(nothing);
  const later = state.key === key ? state : nothing;
  const at = (after: string | null) => ({ ...variables, after }) as Variables;

  const [{ data, error, fetching }, readAgain] = useQuery({ query: query as TypedDocumentNode<Data>, variables: at(null), requestPolicy: 'cache-and-network' });
  const first = data ? pageOf(data) : null;
  const pages = first ? [first, ...later.pages] : [];
  const last = pages.at(-1);

  async function showMore() {
    if (!last || fetching || later.isBusy) return;
    setState({ ...later, error: undefined, isBusy: true });
    const result = await client.query(query as TypedDocumentNode<Data>, at(last.pageInfo.endCursor)).toPromise();
    const page = result.data ? pageOf(result.data) : null;
    // Not if the list has been filtered differently meanwhile.
    setState((now) =>
      now.key === key ? { key, pages: page ? [...later.pages, page] : later.pages, error: result.error, isBusy: false } : now,
    );
  }

  const list: List<Item> | null = last
    ? { items: pages.flatMap(({ items }) => items), totalCount: last.totalCount, hasMore: last.pageInfo.hasNextPage }
    : null;
  return {
    list,
    error: error ?? later.error,
    isBusy: fetching || later.isBusy,
    showMore: () => void showMore(),
    /** After an error: reads again what could not be read. */
    retry: () => (error ? readAgain({ requestPolicy: 'network-only' }) : void showMore()),
  };
}
