// The sign-in of the account console, and the dialogs of its session. No other test uses these users.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { at, openConsole, openConsoleAs, press, signIn } from './console.mjs';
import { required } from './environment.mjs';
import { mailedCode, mailTo } from './mailbox.mjs';
import { addAuthenticator, Passkeys } from './passkeys.mjs';
import { totp } from './totp.mjs';

const DOMAIN = required('USERPROFILE_DOMAIN');
const PASSWORD = required('USERPROFILE_PASSWORD');
/** A new password that the server refuses. */
const COMMON = 'password1';
const LINK = `/account?domain=${DOMAIN}`;

const HANA = 'hana@bluebell.example';
const GRACE = 'grace@bluebell.example';
const JONAS = 'jonas@bluebell.example';
const MEI = 'mei@bluebell.example';
const OSKAR = 'oskar@bluebell.example';
const ROSA = 'rosa@bluebell.example';
const OSKARS_SECRET = 'KVKFKRCPNZQUYMLXOVYDSQKJKZDTSRLD';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe('Signing in', () => {
  test('leads to the page that the user wanted, and remembers the domain', async () => {
    const { page, problems } = await openConsole(browser, '/account/sessions');
    await page.getByLabel('Domain').fill(DOMAIN);
    assert.equal(await page.title(), 'Sign in · UserProfile');
    await enter(page, JONAS);
    await isSignedIn(page);
    assert.equal(new URL(page.url()).pathname, '/account/sessions');
    await press(page, 'Sign out');
    await page.getByText(`Domain: ${DOMAIN}`).waitFor();
    await press(page, 'Change domain');
    assert.equal(await page.getByLabel('Domain').inputValue(), DOMAIN);
    assert.deepEqual(problems, []);
  });

  test('says at each field what is wrong', async () => {
    const { page, problems } = await openConsole(browser, '/account?domain=domain-nowhere');
    await press(page, 'Sign in');
    await page.getByText('This field is required.').first().waitFor();
    await isFocused(page.getByLabel('User id'));
    assert.equal(await page.getByText('This field is required.').count(), 2);
    await enter(page, HANA);
    await page.getByRole('alert').filter({ hasText: 'User id or password is wrong' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('shows the field for a remembered domain that is refused', async () => {
    const { page, problems } = await openConsole(browser, '/account?domain=domain-nowhere');
    const refusal = { message: 'no', code: 'INVALID', field: 'domainId', retryAfter: null };
    await respond(page, 'SignIn', { signIn: { session: null, mfaChallenge: null, errors: [refusal] } });
    await enter(page, HANA);
    await isFocused(page.getByLabel('Domain'));
    assert.deepEqual(problems, []);
  });

  test('ignores text in the link that is not a domain id', async () => {
    const { page, problems } = await openConsole(browser, '/account?domain=Please%20call%20us');
    assert.equal(await page.getByLabel('Domain').inputValue(), '');
    assert.equal(await page.getByText('call us').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('continues when the server cannot be reached at first', async () => {
    const { page } = await openConsole(browser, LINK);
    await page.getByLabel('User id').waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await enter(page, HANA);
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached.' }).waitFor();
    await page.unroute('**/graphql');
    await press(page, 'Sign in');
    await isSignedIn(page);
  });

  test('reaches the other tabs, and so does signing out', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    const other = await page.context().newPage();
    await other.goto(at('/account/groups'));
    await enter(page, JONAS);
    await isSignedIn(page);
    await isSignedIn(other);
    await press(other, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('Signing out and in', () => {
  test('says so if the user is still signed in', async () => {
    const { page } = await openConsoleAs(browser, JONAS);
    await page.route('**/graphql', (route) => route.abort());
    await press(page, 'Sign out');
    await page.getByText('You are still signed in.').first().waitFor();
    await page.unroute('**/graphql');
    await press(page, 'Sign out');
    await page.getByLabel('Password').waitFor();
  });

  test('as another user in one tab leaves nothing of the first in the other', async () => {
    const { page, problems } = await openConsoleAs(browser, JONAS, '/account/profile');
    await page.getByLabel('Name', { exact: true }).fill('Typed by Jonas');
    const other = await page.context().newPage();
    await other.goto(at('/plain/page.css'));
    await signIn(other, GRACE);
    await other.goto(at('/account'));
    await page.getByRole('complementary').getByText('Grace Okafor').waitFor();
    assert.notEqual(await page.getByLabel('Name', { exact: true }).inputValue(), 'Typed by Jonas');
    assert.deepEqual(problems, []);
  });

  test('a server that fails at first is asked again', async () => {
    const { page } = await openConsoleAs(browser, JONAS);
    await page.route('**/graphql', (route) => route.fulfill({ status: 503, json: { errors: [{ message: 'no', extensions: { code: 'UNAVAILABLE' } }] } }));
    await page.reload();
    await page.getByText('This page cannot be shown').waitFor();
    await page.unroute('**/graphql');
    await press(page, 'Try again');
    await isSignedIn(page);
  });
});

describe('Two-step sign-in', () => {
  test('with a code by email survives a reload', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    await enter(page, MEI);
    await page.getByText(/^We sent a code to m…@bluebell\.example\./).waitFor();
    await page.reload();
    await page.getByText(/^We sent a code to m…@bluebell\.example\./).waitFor();
    assert.equal(await page.title(), 'Two-step sign-in · UserProfile');
    await press(page, 'Continue');
    await page.getByText('This field is required.').waitFor();
    const code = await mailedCode(MEI);
    await confirm(page, code === '111111' ? '222222' : '111111');
    await page.getByText('This code is wrong. Attempts left: 4.').waitFor();
    await isFocused(page.getByLabel('Code'));
    await confirm(page, code);
    await isSignedIn(page);
    await press(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('with an authenticator app', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    await enter(page, OSKAR);
    await page.getByText(/^Enter the code that your authenticator app shows\./).waitFor();
    await confirm(page, totp(OSKARS_SECRET));
    await isSignedIn(page);
    assert.deepEqual(problems, []);
  });

  test('says if no code was sent', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    const refusal = { message: 'no', code: 'RATE_LIMITED', field: null, retryAfter: 30 };
    await challenge(page, { sentTo: null }, [refusal]);
    await page.getByRole('alert').filter({ hasText: 'Try again in 30 seconds.' }).waitFor();
    await page.getByText(/^No code was sent\./).waitFor();
    assert.deepEqual(problems, []);
  });

  test('begins again if the user wants to', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    await challenge(page);
    await press(page, 'Start over');
    await isFocused(page.getByLabel('User id'));
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(problems, []);
  });

  for (const code of ['EXPIRED_CODE', 'INVALID_TOKEN']) {
    test(`begins again after ${code}`, async () => {
      const { page, problems } = await openConsole(browser, LINK);
      await challenge(page);
      await respond(page, 'ConfirmSignIn', { confirmSignIn: { session: null, errors: [error(code)] } });
      await confirm(page, '123456');
      await page.getByText('This sign-in has expired. Enter your password again.').waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.deepEqual(problems, []);
    });
  }

  test('does not continue after a reload once the code has expired', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    await challenge(page, { expiresAt: new Date(Date.now() - 1000).toISOString() });
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('leaves a recovery code after too many wrong codes', async () => {
    const { page, problems } = await openConsole(browser, LINK);
    await challenge(page);
    await respond(page, 'ConfirmSignIn', { confirmSignIn: { session: null, errors: [error('TOO_MANY_TRIES')] } });
    await confirm(page, '123456');
    await page.getByText('Too many wrong attempts.').waitFor();
    assert.ok(await page.getByLabel('Code').isVisible());
    assert.deepEqual(problems, []);
  });
});

describe('A forgotten password', () => {
  test('is replaced by a link in a message, and the way back leads to the page that the user wanted', async () => {
    const { page, problems } = await openConsole(browser, `/account/groups?domain=${DOMAIN}`);
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    assert.equal(await page.title(), 'Forgotten password · UserProfile');
    await page.getByLabel('User id').fill(JONAS);
    await press(page, 'Send link');
    await page.getByRole('status').filter({ hasText: 'a message with a link is on its way' }).waitFor();
    await mailTo(JONAS, /\/reset-password#token=/);
    await page.getByRole('link', { name: 'Back to sign-in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/account/groups');
    assert.deepEqual(problems, []);
  });

  test('has an address of its own', async () => {
    const { page, problems } = await openConsole(browser, '/account/forgot-password');
    await press(page, 'Send link');
    await page.getByText('This field is required.').first().waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('A session that ends while the page is used', () => {
  test('is replaced without losing what the user typed', async () => {
    const { page, problems } = await openConsoleAs(browser, ROSA);
    await page.getByLabel('New password').fill(COMMON);
    await page.context().clearCookies();
    await press(page, 'Set password');
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await isFocused(dialog.getByLabel('Password'));
    await dialog.getByText(ROSA).waitFor();
    await page.keyboard.press('Escape');
    await dialog.getByLabel('Password').fill('wrong');
    await press(dialog, 'Sign in');
    await dialog.getByText('User id or password is wrong').waitFor();
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Sign in');
    // What the server says to the repeated request.
    await page.getByText('Many people use this password').waitFor();
    assert.equal(await dialog.count(), 0);
    assert.equal(await page.getByLabel('New password').inputValue(), COMMON);
    assert.deepEqual(problems, []);
  });

  test('is replaced in all tabs at once', async () => {
    const { page, problems } = await openConsoleAs(browser, ROSA);
    const other = await page.context().newPage();
    await other.goto(at('/account'));
    await other.getByLabel('New password').fill(COMMON);
    await page.context().clearCookies();
    await press(other, 'Set password');
    const name = 'Your session has ended';
    await other.getByRole('dialog', { name }).waitFor();
    const dialog = page.getByRole('dialog', { name });
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Sign in');
    await other.getByText('Many people use this password').waitFor();
    assert.equal(await other.getByRole('dialog').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('may also be left', async () => {
    const { page, problems } = await openConsoleAs(browser, ROSA);
    await page.context().clearCookies();
    await press(page, 'Set password');
    await press(page.getByRole('dialog'), 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('Step-up authentication', () => {
  /** A form whose password is refused, so that nothing changes; the server requires step-up authentication first. */
  async function openStepUp() {
    const visitor = await openConsoleAs(browser, ROSA);
    const { page } = visitor;
    await respond(page, 'ReplacePassword', { updatePassword: { user: null, errors: [error('REAUTHENTICATION_REQUIRED')] } });
    await page.getByLabel('New password').fill(COMMON);
    await press(page, 'Set password');
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await isFocused(dialog.getByLabel('Password'));
    return { ...visitor, dialog };
  }

  test('verifies the password, and then repeats the action', async () => {
    const { page, problems, dialog } = await openStepUp();
    await dialog.getByLabel('Password').fill('wrong');
    await press(dialog, 'Continue');
    await dialog.getByText('This password is wrong.').waitFor();
    await dialog.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Many people use this password').waitFor();
    await isFocused(page.getByLabel('New password'));
    assert.deepEqual(problems, []);
  });

  test('may be cancelled', async () => {
    const { page, problems, dialog } = await openStepUp();
    await page.keyboard.press('Escape');
    await page.getByText('Nothing was changed.').waitFor();
    assert.equal(await dialog.count(), 0);
    await isFocused(page.getByRole('button', { name: 'Set password' }));
    assert.deepEqual(problems, []);
  });

  test('asks for a code, too, if the server does', async () => {
    const { page, problems, dialog } = await openStepUp();
    const mfaChallenge = { token: 't', mfaType: 'OTP', sentTo: null, passkeyOptions: null, expiresAt: soon() };
    await respond(page, 'Reauthenticate', { reauthenticate: { user: null, mfaChallenge, errors: [] } });
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Continue');
    await isFocused(dialog.getByLabel('Code'));
    const sent = page.waitForRequest((request) => request.postDataJSON()?.operationName === 'Reauthenticate');
    // Rosa has no factor, so the server accepts the password alone.
    await dialog.getByLabel('Code').fill('123456');
    await press(dialog, 'Continue');
    assert.deepEqual((await sent).postDataJSON().variables.input, { password: PASSWORD, verifyCode: '123456' });
    await page.getByText('Many people use this password').waitFor();
    assert.deepEqual(problems, []);
  });

  test('ends if the session does', async () => {
    const { page, problems, dialog } = await openStepUp();
    await page.context().clearCookies();
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Continue');
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.getByLabel('Password').fill(PASSWORD);
    await press(again, 'Sign in');
    await page.getByText('Many people use this password').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.deepEqual(problems, []);
  });
});

describe('A required new password', () => {
  test('is all that the console shows, until it is set', async () => {
    const { page, problems } = await openConsoleAs(browser, ROSA, '/account/groups');
    await page.getByRole('heading', { name: 'Choose a new password', level: 1 }).waitFor();
    await page.getByLabel('New password').fill(COMMON);
    await press(page, 'Set password');
    await page.getByText('Many people use this password').waitFor();
    await isFocused(page.getByLabel('New password'));
    // So that Rosa can do this again, the server does not get the last request.
    const user = await page.evaluate(readMe);
    const done = { ...user, requiredActions: [] };
    await respond(page, 'ReplacePassword', { updatePassword: { user: done, errors: [] } });
    await respond(page, 'Me', { me: { ...done, __typename: 'User' } });
    await page.getByLabel('New password').fill('a meadow of cranes 41');
    await press(page, 'Set password');
    await page.getByRole('heading', { name: 'Groups', level: 1 }).waitFor();
    await page.getByText('Your new password is set.').waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('Passkeys', () => {
  /** A page of the console on `localhost`, with an authenticator that has a passkey of Jonas. */
  async function openWithPasskey(t, { isOffered }) {
    const visitor = await openPage(browser, at('/'), { locale: 'en-GB', viewport: { width: 1280, height: 900 } });
    const { page } = visitor;
    if (!isOffered) await page.addInitScript(withoutOffer);
    await page.goto(at('/plain/page.css'));
    const authenticator = await addAuthenticator(page);
    const passkeys = new Passkeys(page);
    // Its requests are relative to the page.
    await page.evaluate(() => history.replaceState(null, '', '/'));
    await passkeys.signInWithPassword({ domainId: DOMAIN, userId: JONAS, password: PASSWORD });
    const { passkey } = await passkeys.add('Laptop');
    t.after(() => passkeys.mutate('removePasskey', { id: passkey.id }, 'user { id }'));
    return { ...visitor, authenticator, passkeys, open: (path) => page.goto(at(path)) };
  }

  test('are offered in the field for the user id', async (t) => {
    const { page, problems, open } = await openWithPasskey(t, { isOffered: true });
    await open('/account/groups');
    // This authenticator accepts the offer at once.
    await isSignedIn(page);
    assert.equal(new URL(page.url()).pathname, '/account/groups');
    assert.deepEqual(problems, []);
  });

  test('sign in with one click', async (t) => {
    const { page, problems, open } = await openWithPasskey(t, { isOffered: false });
    await open('/account');
    await press(page, 'Sign in with a passkey');
    await isSignedIn(page);
    assert.deepEqual(problems, []);
  });

  test('that the server refuses are explained', async (t) => {
    const { page, problems, open, authenticator } = await openWithPasskey(t, { isOffered: false });
    await open('/account');
    await authenticator.override({ isBogusSignature: true });
    await press(page, 'Sign in with a passkey');
    await page.getByRole('alert').filter({ hasText: 'This passkey was not accepted.' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('that the user does not have are explained', async () => {
    const { page, problems } = await openConsole(browser);
    await addAuthenticator(page);
    await page.reload();
    await press(page, 'Sign in with a passkey');
    await page.getByRole('alert').filter({ hasText: 'No passkey was used' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('replace the code', async (t) => {
    const { page, problems, open, passkeys } = await openWithPasskey(t, { isOffered: false });
    const started = await passkeys.mutate('startPasskeySignIn', { userId: JONAS, domainId: DOMAIN }, 'challenge { options }', null);
    await open(LINK);
    await challenge(page, { passkeyOptions: started.challenge.options });
    const sent = page.waitForRequest((request) => request.postDataJSON()?.operationName === 'ConfirmSignIn');
    await press(page, 'Use a passkey instead');
    const { input } = (await sent).postDataJSON().variables;
    assert.deepEqual(Object.keys(input), ['challengeToken', 'credential']);
    assert.equal(input.credential.type, 'public-key');
    await page.getByText('This sign-in has expired.').waitFor();
    assert.deepEqual(problems, []);
  });

  test('verify the user again, and sign them in again', async (t) => {
    const { page, problems, open } = await openWithPasskey(t, { isOffered: false });
    await signIn(page, JONAS);
    await open('/account/data');
    await respond(page, 'ExportData', { exportData: { data: null, errors: [error('REAUTHENTICATION_REQUIRED')] } });
    await press(page, 'Download');
    await press(page.getByRole('dialog', { name: 'Confirm that it is you' }), 'Use a passkey');
    await page.getByText('Your data was downloaded.').waitFor();
    await page.context().clearCookies();
    await press(page, 'Download');
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await press(again, 'Sign in with a passkey');
    await again.waitFor({ state: 'detached' });
    await isFocused(page.getByRole('button', { name: 'Download' }));
    assert.deepEqual(problems, []);
  });
});

async function enter(page, userId) {
  await page.getByLabel('User id').fill(userId);
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Sign in');
}

async function confirm(page, code) {
  await page.getByLabel('Code').fill(code);
  await press(page, 'Continue');
}

/** Whatever the language of the account is. */
async function isSignedIn(page) {
  await page.getByRole('navigation').waitFor();
}

async function isFocused(part) {
  await part.and(part.page().locator(':focus')).waitFor();
}

/** Has the sign-in return a challenge. */
async function challenge(page, given = {}, errors = []) {
  const mfaChallenge = {
    token: 'upc_unknown',
    mfaType: 'EMAIL',
    sentTo: 'm…@bluebell.example',
    passkeyOptions: null,
    expiresAt: soon(),
    ...given,
  };
  await respond(page, 'SignIn', { signIn: { session: null, mfaChallenge, errors } });
  await enter(page, MEI);
  await page.getByRole('heading', { name: 'Two-step sign-in' }).waitFor();
}

/** Responds to the next operation of that name instead of the server. */
async function respond(page, operationName, data) {
  let isDone = false;
  await page.route('**/graphql', (route) => {
    if (isDone || route.request().postDataJSON().operationName !== operationName) return route.fallback();
    isDone = true;
    return route.fulfill({ json: { data } });
  });
}

function error(code) {
  return { message: 'no', code, field: null, attemptsLeft: null, retryAfter: null };
}

function soon() {
  return new Date(Date.now() + 5 * 60_000).toISOString();
}

/** In the page: a browser that offers no passkeys in fields. */
function withoutOffer() {
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
}

/** In the page: what the console reads of the user. */
async function readMe() {
  const query = '{ me { __typename id userId name language timezone domain { __typename id name } } }';
  const headers = { 'content-type': 'application/json', 'x-userprofile-session': 'cookie' };
  const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
  return (await response.json()).data.me;
}
