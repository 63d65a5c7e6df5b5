// The page for an unknown address, in the user's language.

import { language } from './words.js';

const en = {
  title: 'Page not found',
  text: 'There is no page at this address. If you followed a link in an email, open it again, or copy all of it.',
};

const ko = {
  title: '페이지를 찾을 수 없습니다',
  text: '이 주소에는 페이지가 없습니다. 이메일의 링크를 따라왔다면 링크를 다시 열거나 전체를 복사해 주세요.',
};

const ja = {
  title: 'ページが見つかりません',
  text: 'このアドレスにページはありません。メールのリンクから来た場合は、もう一度開くか、全体をコピーしてください。',
};

const words = { en, ko, ja }[language] ?? en;

document.documentElement.lang = language;
document.title = `${words.title} · UserProfile`;
for (const element of document.querySelectorAll('[data-words]')) element.textContent = words[element.dataset.words];
