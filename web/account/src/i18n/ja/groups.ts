export const groups = {
  lead: 'グループのメンバーは、グループを通じてワークスペースを利用できます。',
  counts: 'ワークスペース: {workspaces} · メンバー: {members}',
  members: 'メンバー',
  workspaces: 'ワークスペース',
  deleted: '削除されたユーザー',
  disabled: '無効',
  invited: '招待中',
  none: '所属しているグループはありません。',
  noMembers: 'このグループにメンバーはいません。',
  noWorkspaces: 'このグループを通じて利用できるワークスペースはありません。',
};
