import { graphql } from '../../gql';
import type { WorkspaceListQuery } from '../../gql/graphql';

export const WorkspaceListDocument = graphql(`
  query WorkspaceList($filter: WorkspaceFilter!, $first: Int!, $after: String) {
    me {
      id
      workspaces(filter: $filter, first: $first, after: $after) {
        nodes {
          id
          name
          roleType
          isDormant
          isManaged
          workspaceGroup { id name }
        }
        totalCount
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export type Workspace = NonNullable<WorkspaceListQuery['me']>['workspaces']['nodes'][number];
