// A row of the list, which can be refetched by its id.

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
