/** `{workspaces}` and `{members}` are numbers. */
export const groups = {
  lead: 'Groups give their members access to workspaces.',
  counts: 'Workspaces: {workspaces} · Members: {members}',
  members: 'Members',
  workspaces: 'Workspaces',
  deleted: 'Deleted user',
  disabled: 'Disabled',
  invited: 'Invited',
  none: 'You are in no group.',
  noMembers: 'This group has no members.',
  noWorkspaces: 'You cannot use any workspace through this group.',
};
