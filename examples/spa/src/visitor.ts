// Who is looking at the page, and the cache of what was read for them.

import { MutationCache, QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { execute, SignedOut } from './api/execute';
import { getFragmentData, graphql, type FragmentType } from './gql';
import type { AccountFragment } from './gql/graphql';

/** What is shown of a user. Each part of the page says in a fragment of its own what it needs. */
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
  /** Null when nobody is signed in. */
  user: AccountFragment | null;
  /** What there is to say to somebody who is not signed in. */
  notice?: string;
}

const VISITOR = ['visitor'];

export const queryClient = new QueryClient({
  defaultOptions: {
    // Offline, what is asked for fails and says so, instead of waiting in silence.
    queries: { retry: false, networkMode: 'always', refetchOnReconnect: true },
    mutations: { networkMode: 'always' },
  },
  queryCache: new QueryCache({ onError: leaveIfSignedOut }),
  mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
});

export function useVisitor() {
  return useQuery({ queryKey: VISITOR, queryFn: whoIsThere });
}

/** Shows a user as a mutation answered them, without asking again. */
export async function show(user: FragmentType<typeof Account>): Promise<void> {
  await dropWhatIsUnderWay();
  queryClient.setQueryData<Visitor>(VISITOR, { user: getFragmentData(Account, user) });
}

/** Asks who is signed in, after a sign-in. */
export async function arrive(): Promise<void> {
  await queryClient.refetchQueries({ queryKey: VISITOR }, { throwOnError: true });
}

/** Shows the sign-in form, and forgets all that was read. */
export async function leave(notice: string): Promise<void> {
  await dropWhatIsUnderWay();
  queryClient.setQueryData<Visitor>(VISITOR, { user: null, notice });
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== VISITOR[0] });
}

/** An answer to what was asked before would come late, and show again how things were. */
function dropWhatIsUnderWay(): Promise<void> {
  return queryClient.cancelQueries({ queryKey: VISITOR });
}

async function whoIsThere(): Promise<Visitor> {
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
