export const workspaces = {
  lead: '利用できるワークスペースです。',
  name: '名前で検索',
  role: 'あなたの役割',
  everyRole: 'すべて',
  noRole: '役割なし',
  roles: { DOMAIN_ADMIN: '管理者', WORKSPACE_OWNER: 'オーナー', WORKSPACE_MEMBER: 'メンバー' },
  inGroup: 'グループ: {name}',
  dormant: '休止中',
  managed: '外部で管理',
  none: 'ワークスペースはまだありません。管理者がアクセス権を付与できます。',
  noMatch: '検索条件に一致するワークスペースはありません。',
  clear: 'すべてのワークスペースを表示',
};
