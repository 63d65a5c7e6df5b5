// The plain pages behind the links in mails, opened in a browser under watch, and a server played to them.

import { openPage } from './browser.mjs';
import { address } from './environment.mjs';

/** A fresh visitor at that address, with what was sent to a played server in `sent`; `settings` in place of its own. */
export async function openPlain(browser, path, { answer, settings, ...options } = {}) {
  const url = address(path);
  const viewport = { width: 800, height: 700 };
  const visitor = await openPage(browser, url, { viewport, locale: 'en-GB', ...options });
  const sent = answer ? await play(visitor.page, answer) : [];
  if (settings) await visitor.page.route('**/pages.json', (route) => route.fulfill({ json: settings }));
  await visitor.page.goto(url);
  return { ...visitor, sent };
}

/** Has every request to /graphql answered by `answer`: JSON, or a function that does it to the route. */
async function play(page, answer) {
  const sent = [];
  await page.route('**/graphql', async (route) => {
    sent.push(route.request().postDataJSON().variables.input);
    if (typeof answer === 'function') return answer(route);
    return route.fulfill({ json: answer });
  });
  return sent;
}

export async function fillInPasswords(page, one, other = one) {
  await page.getByLabel('New password', { exact: true }).fill(one);
  await page.getByLabel('Repeat new password').fill(other);
  await page.getByRole('button', { name: 'Set password' }).click();
}

/** The words of the pages, as `words.js` holds them for that language. */
export async function wordsOf(page, language) {
  return page.evaluate(async (language) => {
    history.replaceState(null, '', `?lang=${language}`);
    // Another address, so that it looks for the language anew.
    const { words } = await import(new URL(`plain/words.js?${language}`, document.baseURI));
    return JSON.parse(JSON.stringify(words));
  }, language);
}
