// The page's user, and the cache of the data read for them.

import { MutationCache, QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { execute, SignedOut } from './api/execute';
import { getFragmentData, graphql, type FragmentType } from './gql';
import type { AccountFragment } from './gql/graphql';

/** The fields of a user that the page shows. Each section declares its own fields in a fragment. */
const Account = graphql(`
  fragment Account on User {
    requiredActions
    ...Header
    ...Profile
    ...Email
    ...Password
    ...Mfa
    ...Reauthentication
  }
`);

const Me = graphql(`
  query Me {
    me { ...Account }
  }
`);

interface Visitor {
  /** Null if unauthenticated. */
  user: AccountFragment | null;
  /** The message for an unauthenticated user. */
  notice?: string;
}

const VISITOR = ['visitor'];

export const queryClient = new QueryClient({
  defaultOptions: {
    // Offline, a request fails with a message instead of waiting silently.
    queries: { retry: false, networkMode: 'always', refetchOnReconnect: true },
    mutations: { networkMode: 'always' },
  },
  queryCache: new QueryCache({ onError: leaveIfSignedOut }),
  mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
});

export function useVisitor() {
  return useQuery({ queryKey: VISITOR, queryFn: readVisitor });
}

/** Shows the user that a mutation returned, without another request. */
export async function show(user: FragmentType<typeof Account>): Promise<void> {
  await cancelRequests();
  queryClient.setQueryData<Visitor>(VISITOR, { user: getFragmentData(Account, user) });
}

/** Reads the authenticated user, after a sign-in. */
export async function loadVisitor(): Promise<void> {
  await queryClient.refetchQueries({ queryKey: VISITOR }, { throwOnError: true });
}

/** Shows the sign-in form, and clears the cache. */
export async function leave(notice: string): Promise<void> {
  await cancelRequests();
  queryClient.setQueryData<Visitor>(VISITOR, { user: null, notice });
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== VISITOR[0] });
}

/** Otherwise a late response to an earlier request would restore the previous state. */
function cancelRequests(): Promise<void> {
  return queryClient.cancelQueries({ queryKey: VISITOR });
}

async function readVisitor(): Promise<Visitor> {
  try {
    const { me } = await execute(Me);
    return { user: getFragmentData(Account, me) ?? null };
  } catch (failure) {
    const known = queryClient.getQueryData<Visitor>(VISITOR);
    if (failure instanceof SignedOut && !known?.user) return { ...known, user: null };
    throw failure;
  }
}

async function leaveIfSignedOut(failure: Error): Promise<void> {
  if (failure instanceof SignedOut) await leave('Your session has ended. Please sign in again.');
}
