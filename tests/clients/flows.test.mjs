// Flows that send messages: changing and restoring an email address, sign-in with MFA by email, resetting a password.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fillIn, launch, openGraphiql, picture, visit } from './browser.mjs';
import { address } from './environment.mjs';
import { ask as post, credentials, signIn, SIGN_IN } from './graphql-client.mjs';
import { mailTo } from './mailbox.mjs';
import { fillInPasswords } from './plain-pages.mjs';

const NEW_PASSWORD = 'another lantern 77';

describe('With the mailbox of the demo', () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  test('a code confirms a new email address, and the undo link restores the old one', async () => {
    const userId = 'marco@bluebell.example';
    const token = await signIn(userId);
    const me = async (token) => (await ask('{ me { email emailVerified pendingEmail } }', { token })).data.me;
    const { email: old } = await me(token);
    const next = 'marco.new@bluebell.example';
    await mutate('updateProfile', { email: next }, token);

    const { page: mailbox, problems } = await visit(browser, '/dev/mailbox');
    const shown = await textOf(await showMail(mailbox, next));
    const [code, ...others] = shown.match(/\d{6}/g) ?? [];
    assert.ok(code && others.length === 0, shown);
    await mutate('confirmEmail', { verifyCode: code }, token);
    assert.deepEqual(await me(token), { email: next, emailVerified: true, pendingEmail: null });

    const toOld = await showMail(mailbox, old);
    await picture(mailbox, 'mailbox');
    const page = await followLink(mailbox, toOld);
    await page.getByRole('button').click();
    await endsWell(page);
    await picture(page, 'undone');
    assert.equal(await me(token), null, 'all sessions are revoked');
    const back = { email: old, emailVerified: true, pendingEmail: null };
    assert.deepEqual(await me(await signIn(userId)), back);
    assert.deepEqual(problems, []);
  });

  test('the sign-in box of GraphiQL accepts the code from the mailbox', async () => {
    const userId = 'mei@bluebell.example';
    const { page, problems } = await openGraphiql(browser);
    await fillIn(page, { userId });
    await page.getByText('We sent a code to m…@bluebell.example').waitFor();
    const shown = await textOf(await showMail(await page.context().newPage(), userId));
    await page.getByLabel('Code').fill(/\d{6}/.exec(shown)[0]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Signed in as Mei Tan').waitFor();
    assert.deepEqual(problems, []);
  });

  test('the emailed link sets a new password', async () => {
    const userId = 'hana@bluebell.example';
    const { domainId } = credentials();
    await mutate('resetPassword', { userId, domainId });
    const { page: mailbox, problems } = await visit(browser, '/dev/mailbox');
    const page = await followLink(mailbox, await showMail(mailbox, userId));
    assert.equal(new URL(page.url()).hash, '', 'the token is removed from the address');
    await picture(page, 'new-password');
    await fillInPasswords(page, NEW_PASSWORD, `${NEW_PASSWORD}!`);
    await page.getByText('The passwords do not match.').waitFor();
    await fillInPasswords(page, NEW_PASSWORD);
    await endsWell(page);
    await picture(page, 'password-set');
    await signIn(userId, NEW_PASSWORD);
    const { data } = await ask(SIGN_IN, { variables: { input: credentials(userId) } });
    assert.equal(data.signIn.errors[0].code, 'INVALID_CREDENTIALS');
    assert.deepEqual(problems, []);
  });

  for (const [lang, title, reason] of [
    ['en', /password/i, 'Please request a new link from the sign-in page.'],
    ['ko', /비밀번호/, '로그인 화면에서 비밀번호 재설정을 다시 요청해 주세요.'],
    ['ja', /パスワード/, 'ログイン画面から、パスワードの再設定をもう一度お申し込みください。'],
  ]) {
    test(`the reset page in ${lang} says that the link is invalid`, async () => {
      const { page, problems } = await visit(browser, `/reset-password?lang=${lang}#token=upw_${'A'.repeat(43)}`);
      assert.match(await page.title(), title);
      assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
      await page.locator('#new-password').fill(NEW_PASSWORD);
      await page.locator('#repeated').fill(NEW_PASSWORD);
      await page.locator('#submit').click();
      await page.getByRole('status').filter({ hasText: reason }).waitFor();
      await page.setViewportSize({ width: 320, height: 640 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await picture(page, `invalid-link-${lang}`);
      assert.deepEqual(problems, []);
    });
  }

  test('without a token, the reset page asks to open the link again', async () => {
    const { page, problems } = await visit(browser, '/reset-password');
    await page.getByRole('heading', { name: 'Please open the link again' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'this page reads the link only once' }).waitFor();
    assert.deepEqual(problems, []);
  });
});

/** The latest message to the address on the mailbox page. */
async function showMail(mailbox, to) {
  await mailTo(to);
  await mailbox.goto(address('/dev/mailbox'));
  return mailbox.getByRole('article').filter({ hasText: `To ${to} ` }).first();
}

function textOf(mail) {
  return mail.frameLocator('iframe').locator('body').innerText();
}

async function followLink(mailbox, mail) {
  const opened = mailbox.context().waitForEvent('page');
  await mail.frameLocator('iframe').getByRole('link').first().click();
  const page = await opened;
  await page.waitForLoadState();
  return page;
}

/** Waits until a page reports success. */
function endsWell(page) {
  return page.locator('main[data-ended][data-tone="good"]').waitFor();
}

function ask(query, options) {
  return post(address('/graphql'), query, options);
}

async function mutate(name, input, token) {
  const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const mutation = `mutation($input: ${type}!) { ${name}(input: $input) { errors { message code } } }`;
  const { data } = await ask(mutation, { token, variables: { input } });
  assert.deepEqual(data[name].errors, []);
}
