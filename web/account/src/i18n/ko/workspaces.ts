export const workspaces = {
  lead: '사용할 수 있는 워크스페이스입니다.',
  name: '이름으로 검색',
  role: '내 역할',
  everyRole: '전체',
  noRole: '역할 없음',
  roles: { DOMAIN_ADMIN: '관리자', WORKSPACE_OWNER: '소유자', WORKSPACE_MEMBER: '멤버' },
  inGroup: '그룹: {name}',
  dormant: '휴면',
  managed: '외부에서 관리',
  none: '아직 워크스페이스가 없습니다. 관리자가 접근 권한을 줄 수 있습니다.',
  noMatch: '검색 조건에 맞는 워크스페이스가 없습니다.',
  clear: '모든 워크스페이스 표시',
};
