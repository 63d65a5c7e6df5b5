// Opens the pages that emailed links open, with recorded problems and, if required, a mocked server.

import { openPage } from './browser.mjs';
import { address } from './environment.mjs';

/** Opens the path. With `mock`, the API is mocked, and `sent` collects its inputs. `settings` mock the settings. */
export async function openPlain(browser, path, { mock, settings, ...options } = {}) {
  const url = address(path);
  const viewport = { width: 800, height: 700 };
  const visitor = await openPage(browser, url, { viewport, locale: 'en-GB', ...options });
  const sent = mock ? await mockApi(visitor.page, mock) : [];
  if (settings) await visitor.page.route('**/pages.json', (route) => route.fulfill({ json: settings }));
  await visitor.page.goto(url);
  return { ...visitor, sent };
}

/** Mocks /graphql with `mock`: a JSON response, or a function that handles the route. */
async function mockApi(page, mock) {
  const sent = [];
  await page.route('**/graphql', async (route) => {
    sent.push(route.request().postDataJSON().variables.input);
    if (typeof mock === 'function') return mock(route);
    return route.fulfill({ json: mock });
  });
  return sent;
}

export async function fillInPasswords(page, one, other = one) {
  await page.getByLabel('New password', { exact: true }).fill(one);
  await page.getByLabel('Repeat new password').fill(other);
  await page.getByRole('button', { name: 'Set password' }).click();
}

/** The texts of the pages in the language, from `words.js`. */
export async function wordsOf(page, language) {
  return page.evaluate(async (language) => {
    history.replaceState(null, '', `?lang=${language}`);
    // Another address, so that the module runs again and detects the language.
    const { words } = await import(new URL(`plain/words.js?${language}`, document.baseURI));
    return JSON.parse(JSON.stringify(words));
  }, language);
}
