export const groups = {
  lead: '그룹의 멤버는 그룹을 통해 워크스페이스를 사용할 수 있습니다.',
  counts: '워크스페이스 {workspaces}개 · 멤버 {members}명',
  members: '멤버',
  workspaces: '워크스페이스',
  deleted: '삭제된 사용자',
  disabled: '비활성화됨',
  invited: '초대됨',
  none: '속한 그룹이 없습니다.',
  noMembers: '이 그룹에는 멤버가 없습니다.',
  noWorkspaces: '이 그룹을 통해 사용할 수 있는 워크스페이스가 없습니다.',
};
