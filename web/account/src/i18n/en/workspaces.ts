/** `{name}` is a name. */
export const workspaces = {
  lead: 'The workspaces that you can use.',
  name: 'Search by name',
  role: 'Your role',
  everyRole: 'All',
  noRole: 'No role',
  roles: { DOMAIN_ADMIN: 'Administrator', WORKSPACE_OWNER: 'Owner', WORKSPACE_MEMBER: 'Member' },
  inGroup: 'Group: {name}',
  dormant: 'Dormant',
  managed: 'Managed elsewhere',
  none: 'You have no workspaces yet. An administrator can give you access.',
  noMatch: 'No workspace matches your search.',
  clear: 'Show all workspaces',
};
