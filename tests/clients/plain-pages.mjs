// The plain pages behind the links in mails, opened in a browser under watch, and a server played to them.

import { address } from './environment.mjs';
import { watch } from './watch.mjs';

const PATIENCE_MS = 30_000;

/**
 * A fresh visitor at that address, with whatever the page does wrong in `faults`, every request in `requests`, and what
 * was sent to a played server in `sent`.
 */
export async function openPlain(browser, path, { answer, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 800, height: 700 }, locale: 'en-GB', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const { faults, requests } = await watch(context, new URL(address('/')).host);
  const page = await context.newPage();
  const sent = answer ? await play(page, answer) : [];
  await page.goto(address(path));
  return { page, faults, requests, sent };
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
  await page.getByLabel('New password, once more').fill(other);
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
