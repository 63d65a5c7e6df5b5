// The pages below a path, behind a proxy that strips the path.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { editorIsThere, launch, openPage, run, signIn } from './browser.mjs';
import { required } from './environment.mjs';
import { startStrippingProxy } from './stripping-proxy.mjs';

describe('Below a path', () => {
  let browser;
  let proxy;
  before(async () => {
    browser = await launch();
    proxy = await startStrippingProxy(required('USERPROFILE_URL'), '/identity');
  });
  after(async () => {
    await browser?.close();
    proxy?.stop();
  });

  const open = async (path) => {
    const visitor = await openPage(browser, proxy.url);
    const response = await visitor.page.goto(new URL(path, proxy.url).href);
    return { ...visitor, response };
  };

  test('GraphiQL signs in and runs a query', async () => {
    const { page, problems } = await open('graphql');
    await editorIsThere(page);
    await signIn(page);
    const { data, errors } = await run(page);
    assert.equal(errors, undefined);
    assert.ok(data.me);
    assert.deepEqual(problems, []);
  });

  test('the page of an emailed link submits its form', async () => {
    const { page, problems } = await open('undo-email-change?lang=en#token=upu_made-up-0123456789');
    await page.getByRole('button', { name: 'Restore my address' }).click();
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    assert.deepEqual(problems, []);
  });

  for (const [language, title] of [['en', 'Page not found'], ['ko', '페이지를 찾을 수 없습니다'], ['ja', 'ページが見つかりません']]) {
    test(`an unknown address returns a page in ${language}`, async () => {
      const { page, response, problems } = await open(`no/where?lang=${language}`);
      assert.equal(response.status(), 404);
      await page.getByRole('heading', { name: title }).waitFor();
      assert.equal(await page.title(), `${title} · UserProfile`);
      // The browser itself reports the status 404.
      assert.deepEqual(problems.filter((problem) => !problem.includes('404')), []);
    });
  }
});
