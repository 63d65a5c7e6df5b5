// Workspaces as a table.

import { getFragmentData, graphql, type FragmentType } from '../gql';
import type { RoleType } from '../gql/graphql';

const WorkspaceRow = graphql(`
  fragment WorkspaceRow on Workspace {
    id
    name
    roleName
    roleType
    workspaceGroup { name }
  }
`);

// For a deleted role, which has no name.
const ROLE_TYPES: Record<RoleType, string> = {
  DOMAIN_ADMIN: 'Administrator',
  WORKSPACE_OWNER: 'Owner',
  WORKSPACE_MEMBER: 'Member',
};

export function WorkspaceTable({ workspaces }: { workspaces: readonly FragmentType<typeof WorkspaceRow>[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">Group</th>
        </tr>
      </thead>
      <tbody>
        {getFragmentData(WorkspaceRow, workspaces).map(({ id, name, roleName, roleType, workspaceGroup }) => (
          <tr key={id}>
            <th scope="row">{name}</th>
            <td data-label="Role">{roleName ?? (roleType ? ROLE_TYPES[roleType] : '–')}</td>
            <td data-label="Group">{workspaceGroup?.name ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
