export const sessions = {
  lead: 'ログインしている端末です。見覚えのない端末はログアウトしてください。',
  title: 'ログインの一覧',
  unknownDevice: '不明な端末',
  thisDevice: 'この端末',
  lastUsed: '最終利用: {ago}',
  signedIn: 'ログイン日時: {time}',
  signOutOf: 'ログアウト: {device}、{address}',
  ended: '端末をログアウトしました。',
  everywhereElse: 'ほかのすべての端末をログアウト',
  everywhereElseOne: 'ほかの1件のログインが終了します。この端末のログインはそのままです。',
  everywhereElseMany: 'ほかの{count}件のログインが終了します。この端末のログインはそのままです。',
  othersEnded: 'ほかのすべての端末をログアウトしました。',
};
