// Debian's Chromium without a window, and pages opened in it under watch, GraphiQL above all.

import { chromium } from 'playwright-core';
import { address } from './environment.mjs';
import { credentials } from './graphql-client.mjs';
import { PATIENCE_MS } from './patience.mjs';
import { watch } from './watch.mjs';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // A container's root may not open Chromium's sandbox; nothing but our own page is shown in it.
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });
}

/**
 * A fresh visitor's page, still empty, which is to ask the host of `url` alone. `faults` grows with whatever it does
 * wrong, `requests` with whatever it asks for.
 */
export async function openPage(browser, url, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const watched = await watch(context, new URL(url).host);
  return { page: await context.newPage(), ...watched };
}

/** A fresh visitor at that path. */
export async function visit(browser, path, options = {}) {
  const url = address(path);
  const viewport = { width: 1280, height: 800 };
  const visitor = await openPage(browser, url, { viewport, deviceScaleFactor: 1, ...options });
  await visitor.page.goto(url);
  return visitor;
}

/** A fresh visitor at /graphql, once the editor is there. */
export async function openGraphiql(browser, options = {}) {
  const visitor = await visit(browser, '/graphql', options);
  await editorIsThere(visitor.page);
  return visitor;
}

/** Waits until GraphiQL has drawn its editor and the query in it. */
export async function editorIsThere(page) {
  await page.getByRole('region', { name: 'Operation Editor' }).locator('.view-line', { hasText: 'query Me' }).waitFor();
}

/** Fills in a form to sign in, and sends it. */
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

/** Presses the run button, and gives what the server answers to the query in the editor. */
export async function run(page) {
  const answered = page.waitForResponse((response) => response.request().postData()?.includes('query Me') ?? false);
  await page.getByRole('button', { name: 'Execute query' }).click();
  return (await answered).json();
}

/** The line of the answer that holds this text, once it is shown. */
export function answerLine(page, text) {
  return page.getByRole('region', { name: 'Result Window' }).locator('.view-line', { hasText: text }).first();
}

/** For looking at: set USERPROFILE_PICTURES to a folder. */
export async function picture(page, name) {
  const folder = process.env.USERPROFILE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, animations: 'disabled' });
}
