// The workspaces that the user can see, page by page, with the user's role and the group.

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { execute, SignedOut } from '../api/execute';
import { graphql } from '../gql';
import { Field } from '../ui/Field';
import { Section } from '../ui/Section';
import { useDebounced } from '../ui/useDebounced';
import { WorkspaceTable } from './WorkspaceTable';

const PAGE_SIZE = 5;

const WorkspacePage = graphql(`
  query WorkspacePage($nameContains: String, $first: Int!, $after: String) {
    me {
      workspaces(filter: { nameContains: $nameContains }, first: $first, after: $after) {
        totalCount
        nodes { ...WorkspaceRow }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

function useWorkspaces(nameContains: string) {
  return useInfiniteQuery({
    queryKey: ['workspaces', nameContains],
    queryFn: async ({ pageParam: after }) => {
      const { me } = await execute(WorkspacePage, { nameContains, first: PAGE_SIZE, after });
      if (!me) throw new SignedOut();
      return me.workspaces;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ pageInfo }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
    // Keep the previous result until the next one arrives, so that nothing flickers while typing.
    placeholderData: keepPreviousData,
  });
}

export function Workspaces() {
  const [search, setSearch] = useState('');
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useWorkspaces(useDebounced(search));
  const workspaces = data?.pages.flatMap(({ nodes }) => nodes) ?? [];
  const total = data?.pages.at(-1)?.totalCount;

  return (
    <Section id="workspaces" title="Workspaces" about="Your workspaces, and your role in each.">
      <Field
        name="nameContains"
        label="Filter by name"
        type="search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      {error && <p className="problem" role="alert">{error.message}</p>}
      {workspaces.length > 0 && <WorkspaceTable workspaces={workspaces} />}
      <div className="row">
        <p role="status" className="hint">{total !== undefined && howMany(workspaces.length, total)}</p>
        {hasNextPage && (
          <button
            type="button"
            aria-disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage({ cancelRefetch: false })}
          >
            Show more
          </button>
        )}
      </div>
    </Section>
  );
}

function howMany(shown: number, total: number): string {
  return total === 0 ? 'No workspaces.' : `${shown} of ${total}`;
}
