// Debian's Chromium, headless, and pages whose problems and requests are recorded.

import { chromium } from 'playwright-core';
import { address } from './environment.mjs';
import { credentials } from './graphql-client.mjs';
import { PATIENCE_MS } from './patience.mjs';
import { watch } from './watch.mjs';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Chromium refuses to use its sandbox as root, as in containers. Only our own pages are opened.
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });
}

/**
 * An empty page in a new browser context. `problems` collects everything that goes wrong in it, such as a request to
 * another host than that of `url`; `requests` collects its requests.
 */
export async function openPage(browser, url, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const watched = await watch(context, new URL(url).host);
  return { page: await context.newPage(), ...watched };
}

/** Opens the path in a new browser context. */
export async function visit(browser, path, options = {}) {
  const url = address(path);
  const viewport = { width: 1280, height: 800 };
  const visitor = await openPage(browser, url, { viewport, deviceScaleFactor: 1, ...options });
  await visitor.page.goto(url);
  return visitor;
}

/** Opens /graphql in a new browser context, and waits for the editor. */
export async function openGraphiql(browser, options = {}) {
  const visitor = await visit(browser, '/graphql', options);
  await editorIsThere(visitor.page);
  return visitor;
}

/** Waits until GraphiQL shows its editor with a query. */
export async function editorIsThere(page) {
  await page.getByRole('region', { name: 'Operation Editor' }).locator('.view-line', { hasText: 'query Me' }).waitFor();
}

/** Fills in the sign-in form, and submits it. */
export async function fillIn(page, given = {}) {
  const { domainId, userId, password } = { ...credentials(), ...given };
  await page.getByLabel('Domain id').fill(domainId);
  await page.getByLabel('User id').fill(userId);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function signIn(page) {
  await fillIn(page);
  await page.getByText('Signed in as').waitFor();
}

/** Clicks the run button, and returns the response to the query in the editor. */
export async function run(page) {
  const response = page.waitForResponse((response) => response.request().postData()?.includes('query Me') ?? false);
  await page.getByRole('button', { name: 'Execute query' }).click();
  return (await response).json();
}

/** The line of the result that contains this text. */
export function resultLine(page, text) {
  return page.getByRole('region', { name: 'Result Window' }).locator('.view-line', { hasText: text }).first();
}

/** Takes a screenshot if USERPROFILE_PICTURES names a folder. */
export async function picture(page, name) {
  const folder = process.env.USERPROFILE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, animations: 'disabled' });
}
