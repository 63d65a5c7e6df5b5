// A list with pagination.

import { graphql } from 'relay-runtime';

graphql`
  fragment WorkspaceList_user on User
  @argumentDefinitions(first: { type: "Int", defaultValue: 1 }, after: { type: "String" })
  @refetchable(queryName: "WorkspaceListPageQuery") {
    workspaces(first: $first, after: $after) @connection(key: "WorkspaceList_workspaces") {
      totalCount
      edges {
        roleType
        node {
          id
          ...WorkspaceListRow_workspace
        }
      }
    }
  }
`;
