// Every page of the account console, in every language, in light and dark, and at three widths: without violations found by
// axe, without errors, and without anything that does not fit. Pictures are in the folder that USERPROFILE_PICTURES names.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, picture } from './browser.mjs';
import { at, openConsole, openConsoleAs } from './console.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = ['', '/profile', '/security', '/sessions', '/activity', '/workspaces', '/groups', '/data', '/nowhere'];
const SIGNED_OUT_PAGES = ['', '/forgot-password'];
const LOCALES = { en: 'en-GB', ko: 'ko-KR', ja: 'ja-JP' };
const WIDTHS = [320, 768, 1440];
const SCHEMES = ['light', 'dark'];
// Their accounts are in these languages.
const USERS = { en: 'grace@bluebell.example', ko: 'wonny@bluebell.example', ja: 'hana@bluebell.example' };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

for (const [language, locale] of Object.entries(LOCALES)) {
  for (const colorScheme of SCHEMES) {
    describe(`The console in ${language}, ${colorScheme}`, () => {
      test('signed out', async () => {
        const { page, problems } = await openConsole(browser, '/account', { locale, colorScheme });
        await lookAt(page, SIGNED_OUT_PAGES, `${language}-${colorScheme}-signed-out`);
        assert.equal(await page.evaluate(() => document.documentElement.lang), language);
        assert.deepEqual(problems, []);
      });

      test('signed in', async () => {
        const { page, problems } = await openConsoleAs(browser, USERS[language], '/account', { locale, colorScheme });
        await lookAt(page, PAGES, `${language}-${colorScheme}`);
        assert.equal(await page.evaluate(() => document.documentElement.lang), language);
        assert.deepEqual(problems, []);
      });
    });
  }
}

async function lookAt(page, paths, name) {
  const violations = [];
  for (const path of paths) {
    await page.goto(at(`/account${path}`));
    await isComplete(page);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${path} does not fit ${width}`);
      await picture(page, `console${path.replaceAll('/', '-') || '-overview'}-${name}-${width}`);
      violations.push(...(await audit(page)).map((violation) => `${path} at ${width}: ${violation}`));
    }
  }
  assert.deepEqual(violations, []);
}

/** Waits until a page has its title and its data. */
async function isComplete(page) {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
}

/** What axe finds, one sentence for each element. */
async function audit(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
