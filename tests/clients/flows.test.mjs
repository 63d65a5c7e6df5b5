// What is walked through with a mailbox open beside it: an e-mail address that is proven and put back, a
// second factor, a password that was forgotten.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openGraphiql, visit } from './browser.mjs';
import { address, required } from './environment.mjs';

const DOMAIN = required('USERPROFILE_DOMAIN');
const PASSWORD = required('USERPROFILE_PASSWORD');

describe('With the mailbox of the demo', () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  test('a new e-mail address is proven by its code, and put back by the link that the old one got', async () => {
    const userId = 'marco@bluebell.example';
    const token = await signIn(userId, PASSWORD);
    const me = () => ask('{ me { email emailVerified pendingEmail } }', {}, token).then(({ me }) => me);
    const { email: old } = await me();
    await mutate('updateProfile', { email: 'marco.new@bluebell.example' }, token);

    const { page: mailbox, faults } = await visit(browser, '/dev/mailbox');
    const mail = mailbox.getByRole('article').first();
    await mail.getByText('marco.new@bluebell.example').first().waitFor();
    const shown = await mail.frameLocator('iframe').locator('body').innerText();
    const [code, ...others] = shown.match(/\d{6}/g) ?? [];
    assert.ok(code && others.length === 0, shown);
    await mutate('confirmEmail', { verifyCode: code }, token);
    assert.deepEqual(await me(), { email: 'marco.new@bluebell.example', emailVerified: true, pendingEmail: null });

    await until(async () => {
      await mailbox.reload();
      return (await mailbox.getByRole('article').count()) >= 3;
    });
    const toOld = mailbox.getByRole('article').filter({ hasText: `To ${old}` }).first();
    await picture(mailbox, 'mailbox');
    const page = await followLink(mailbox, toOld);
    await page.getByRole('button').click();
    await page.locator('[data-tone="success"], [data-state="done"], #message').first().waitFor();
    await until(async () => (await ask('{ me { id } }', {}, token)).me === null);
    await picture(page, 'undone');

    const again = await signIn(userId, PASSWORD);
    const { me: after } = await ask('{ me { email emailVerified } }', {}, again);
    assert.deepEqual(after, { email: old, emailVerified: true });
    assert.deepEqual(faults, []);
  });

  test('a second factor is answered in GraphiQL with the code from the mailbox', async () => {
    const { page, faults } = await openGraphiql(browser);
    await page.getByLabel('Domain id').fill(DOMAIN);
    await page.getByLabel('User id').fill('mei@bluebell.example');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('We sent a code to m…@bluebell.example').waitFor();
    const toMei = async () => (await mails()).find((mail) => mail.to === 'mei@bluebell.example');
    await until(toMei);
    const mailbox = await page.context().newPage();
    await mailbox.goto(address('/dev/mailbox'));
    const mail = mailbox.getByRole('article').filter({ hasText: 'To mei@bluebell.example' }).first();
    const shown = await mail.frameLocator('iframe').locator('body').innerText();
    await page.getByLabel('Code').fill(/\d{6}/.exec(shown)[0]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Signed in as Mei Tan').waitFor();
    assert.deepEqual(faults, []);
  });

  test('a forgotten password is set anew by the link in the mail', async () => {
    const userId = 'hana@bluebell.example';
    await mutate('resetPassword', { userId, domainId: DOMAIN });
    await until(async () => (await mails()).some((mail) => mail.to === userId));
    const { page: mailbox, faults } = await visit(browser, '/dev/mailbox');
    const mail = mailbox.getByRole('article').filter({ hasText: `To ${userId}` }).first();
    const page = await followLink(mailbox, mail);
    assert.equal(new URL(page.url()).hash, '', 'the token is out of sight');
    await picture(page, 'new-password');
    const [first, second] = [page.locator('#new-password'), page.locator('#repeated')];
    await first.fill('another lantern 77');
    await second.fill('another lantern 78');
    await page.locator('#submit').click();
    await page.locator('#message:not(:empty)').waitFor();
    await second.fill('another lantern 77');
    await page.locator('#submit').click();
    await first.waitFor({ state: 'hidden' });
    await picture(page, 'password-set');
    await signIn(userId, 'another lantern 77');
    const { signIn: old } = await signInAnswer(userId, PASSWORD);
    assert.equal(old.errors[0].code, 'INVALID_CREDENTIALS');
    assert.deepEqual(faults, []);
  });

  for (const [lang, title] of [['en', /password/i], ['ko', /비밀번호/], ['ja', /パスワード/]]) {
    test(`the page for a new password speaks ${lang}, and says what is wrong with its link`, async () => {
      const { page, faults } = await visit(browser, `/reset-password?lang=${lang}#token=upw_${'A'.repeat(43)}`);
      assert.match(await page.title(), title);
      assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
      await page.locator('#new-password').fill('another lantern 77');
      await page.locator('#repeated').fill('another lantern 77');
      await page.locator('#submit').click();
      await page.locator('#message:not(:empty)').waitFor();
      await page.setViewportSize({ width: 320, height: 640 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await picture(page, `invalid-link-${lang}`);
      assert.deepEqual(faults, []);
    });
  }

  test('without a token the page for a new password says so', async () => {
    const { page, faults } = await visit(browser, '/reset-password');
    await page.locator('#message:not(:empty)').waitFor();
    assert.deepEqual(faults, []);
  });
});

async function followLink(mailbox, mail) {
  const opened = mailbox.context().waitForEvent('page');
  await mail.frameLocator('iframe').getByRole('link').first().click();
  const page = await opened;
  await page.waitForLoadState();
  return page;
}

async function ask(query, variables, token) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(address('/graphql'), { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data } = await response.json();
  return data;
}

async function mutate(name, input, token) {
  const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const data = await ask(`mutation($input: ${type}!) { ${name}(input: $input) { errors { message code } } }`, { input }, token);
  assert.deepEqual(data[name].errors, []);
}

function signInAnswer(userId, password) {
  const query = `mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code } } }`;
  return ask(query, { input: { domainId: DOMAIN, userId, password } });
}

async function signIn(userId, password) {
  const { signIn } = await signInAnswer(userId, password);
  assert.deepEqual(signIn.errors, []);
  return signIn.session.accessToken;
}

async function mails() {
  const response = await fetch(address('/dev/mailbox'), { headers: { accept: 'application/json' } });
  return response.json();
}

async function until(condition) {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) assert.ok(Date.now() < deadline, 'it did not come true in time');
}

/** For looking at: set USERPROFILE_PICTURES to a folder. */
async function picture(page, name) {
  const folder = process.env.USERPROFILE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, animations: 'disabled' });
}
