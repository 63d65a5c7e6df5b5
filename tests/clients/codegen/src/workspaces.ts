// A list, read page by page.

import { execute, type Endpoint } from './execute.js';
import { graphql, useFragment } from './gql/index.js';

const Row = graphql(`
  fragment Row on WorkspaceEdge {
    roleName
    node {
      id
      name
    }
  }
`);

const Page = graphql(`
  query Page($first: Int!, $after: String, $filter: WorkspaceFilter) {
    me {
      workspaces(first: $first, after: $after, filter: $filter) {
        edges {
          ...Row
        }
        pageInfo {
          hasNextPage
          endCursor
        }
        totalCount
      }
    }
  }
`);

interface Names {
  names: string[];
  next: string | null | undefined;
  total: number;
}

/** The names of the workspaces that are not dormant, read in pages of `first`, and their total count. */
export async function workspaceNames(endpoint: Endpoint, first: number): Promise<Omit<Names, 'next'>> {
  let { names, next, total } = await page(endpoint, first);
  while (next) {
    const more = await page(endpoint, first, next);
    names = names.concat(more.names);
    next = more.next;
  }
  return { names, total };
}

async function page(endpoint: Endpoint, first: number, after?: string): Promise<Names> {
  const { data } = await execute(endpoint, Page, { first, after, filter: { isDormant: false } });
  if (!data?.me) throw new Error('The request is unauthenticated.');
  const { edges, pageInfo, totalCount } = data.me.workspaces;
  const names = useFragment(Row, edges).map(({ node }) => node.name);
  return { names, next: pageInfo.hasNextPage ? pageInfo.endCursor : null, total: totalCount };
}
