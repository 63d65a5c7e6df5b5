// The page that shows the messages of a demo.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, openPage, picture } from './browser.mjs';
import { startServer } from './own-server.mjs';

const RESET_PASSWORD = `mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { ok errors { code message } }
}`;

let browser, folder, server;
before(async () => {
  [browser, folder] = [await launch(), await mkdtemp(join(tmpdir(), 'userprofile-'))];
  server = await startServer(folder, {});
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true });
});

describe('The mailbox', () => {
  test('refreshes itself, and each frame is as tall as its message', async () => {
    const { page, problems } = await open();
    await page.getByText('No messages yet.').waitFor();
    await requestReset('grace');
    await messageTo(page, 'grace').waitFor();
    assert.equal(await page.locator('.none').count(), 0);
    await assertWhole(page, 'grace');

    // A refresh keeps existing elements, and their state.
    await messageTo(page, 'grace').locator('summary').click();
    await messageTo(page, 'grace').evaluate((element) => (element.dataset.seen = 'yes'));
    await requestReset('hana');
    await messageTo(page, 'hana').waitFor();
    await assertWhole(page, 'hana');
    assert.equal(await messageTo(page, 'grace').getAttribute('data-seen'), 'yes');
    assert.ok(await messageTo(page, 'grace').locator('pre').isVisible());
    const order = await page.locator('article .about b').allInnerTexts();
    assert.deepEqual(order, ['hana@bluebell.example', 'grace@bluebell.example']);
    await picture(page, 'mailbox');

    // A narrow window breaks more lines.
    await page.setViewportSize({ width: 360, height: 640 });
    await page.waitForFunction(() => innerWidth === 360);
    await assertWhole(page, 'grace');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(problems, []);
  });

  test('scripts of a message do not run', async () => {
    const { page } = await open();
    const sandboxes = await page.locator('iframe').evaluateAll((frames) => frames.map(({ sandbox }) => sandbox.value));
    for (const sandbox of sandboxes) assert.doesNotMatch(sandbox, /allow-scripts/);
  });
});

async function open() {
  const url = `${new URL(server.url).origin}/dev/mailbox`;
  const visitor = await openPage(browser, url, { viewport: { width: 1000, height: 800 } });
  await visitor.page.goto(url);
  return visitor;
}

async function requestReset(name) {
  const input = { domainId: 'domain-bluebell', userId: `${name}@bluebell.example` };
  const response = await fetch(`${new URL(server.url).origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: RESET_PASSWORD, variables: { input } }),
  });
  assert.equal((await response.json()).data.resetPassword.ok, true);
}

function messageTo(page, name) {
  return page.locator('article', { hasText: `${name}@bluebell.example` });
}

/** Asserts that the frame is exactly as tall as its message. */
async function assertWhole(page, name) {
  const frame = await messageTo(page, name).locator('iframe').elementHandle();
  await page.waitForFunction((frame) => {
    const body = frame.contentDocument?.body?.getBoundingClientRect().height ?? 0;
    return body > 100 && Math.abs(frame.clientHeight - body) <= 2;
  }, frame);
}
