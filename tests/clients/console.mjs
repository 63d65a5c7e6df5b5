// The account console in a browser.

import { openPage } from './browser.mjs';
import { address, required } from './environment.mjs';

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { session { expiresAt } mfaChallenge { token } errors { message } }
}`;

/** The address of the path on `localhost`, where passkeys can be used. */
export function at(path) {
  return address(path).replace('127.0.0.1', 'localhost');
}

/** Opens a page of the console in a new browser context, signed out. */
export async function openConsole(browser, path = '/account', options = {}) {
  const url = at(path);
  const viewport = { width: 1280, height: 900 };
  const visitor = await openPage(browser, url, { viewport, locale: 'en-GB', ...options });
  await visitor.page.goto(url);
  return visitor;
}

/** Opens a page of the console in a new browser context, signed in as this user of the demo, who has no MFA. */
export async function openConsoleAs(browser, userId, path = '/account', options = {}) {
  const visitor = await openConsole(browser, '/plain/page.css', options);
  await signIn(visitor.page, userId);
  await visitor.page.goto(at(path));
  await visitor.page.getByRole('heading', { level: 1 }).waitFor();
  return visitor;
}

/** Signs in with a request of the page, so that its cookies are set. */
export async function signIn(page, userId, password = required('USERPROFILE_PASSWORD')) {
  const input = { domainId: required('USERPROFILE_DOMAIN'), userId, password };
  const payload = await page.evaluate(
    async ([query, input]) => {
      const headers = { 'content-type': 'application/json', 'x-userprofile-session': 'cookie' };
      const body = JSON.stringify({ query, variables: { input } });
      const response = await fetch('/graphql', { method: 'POST', headers, body });
      return (await response.json()).data.signIn;
    },
    [SIGN_IN, input],
  );
  if (!payload.session) throw new Error(`${userId} cannot sign in: ${JSON.stringify(payload)}`);
}

/** The section of the page with that heading. */
export function section(page, title) {
  return page.getByRole('region', { name: title, exact: true });
}

export async function press(part, name) {
  await part.getByRole('button', { name, exact: true }).click();
}
