// A row of the list of workspaces, which can be fetched again by itself.

import { graphql } from 'relay-runtime';

graphql`
  fragment WorkspaceListRow_workspace on Workspace @refetchable(queryName: "WorkspaceListRowRefetchQuery") {
    name
    roleName
    workspaceGroup {
      name
    }
  }
`;
