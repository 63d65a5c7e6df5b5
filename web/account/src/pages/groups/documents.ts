import { graphql } from '../../gql';
import type { GroupListQuery } from '../../gql/graphql';

export const GroupListDocument = graphql(`
  query GroupList($first: Int!, $after: String) {
    me {
      id
      workspaceGroups(first: $first, after: $after) {
        nodes {
          id
          name
          users { userId userName state roleType }
          # Only their number.
          workspaces(first: 0) { totalCount }
        }
        totalCount
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export type Group = NonNullable<GroupListQuery['me']>['workspaceGroups']['nodes'][number];

export const GroupWorkspacesDocument = graphql(`
  query GroupWorkspaces($id: ID!, $first: Int!, $after: String) {
    workspaceGroups(ids: [$id]) {
      id
      workspaces(first: $first, after: $after) {
        edges {
          cursor
          roleType
          node { id name isDormant isManaged }
        }
        totalCount
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);
