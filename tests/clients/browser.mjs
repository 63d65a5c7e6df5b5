// Debian's Chromium without a window, and GraphiQL opened in it under watch.

import { chromium } from 'playwright-core';
import { address, required } from './environment.mjs';
import { watch } from './watch.mjs';

// How long a condition may take to come true; reached only when something is wrong.
const PATIENCE_MS = 30_000;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // A container's root may not open Chromium's sandbox; nothing but our own page is shown in it.
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });
}

/** A fresh visitor at that path. `faults` grows with whatever the page does wrong. */
export async function visit(browser, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const { faults } = await watch(context, new URL(address('/')).host);
  const page = await context.newPage();
  await page.goto(address(path));
  return { page, faults };
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

export async function fillIn(page, { password = required('USERPROFILE_PASSWORD') } = {}) {
  await page.getByLabel('Domain id').fill(required('USERPROFILE_DOMAIN'));
  await page.getByLabel('User id').fill(required('USERPROFILE_USER'));
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
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
