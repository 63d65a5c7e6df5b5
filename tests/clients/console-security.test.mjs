// The security page of the account console. No other test uses these users.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch, picture } from './browser.mjs';
import { openConsoleAs, press, section } from './console.mjs';
import { required } from './environment.mjs';
import { mailedCode } from './mailbox.mjs';
import { addAuthenticator } from './passkeys.mjs';
import { totp } from './totp.mjs';

const PASSWORD = required('USERPROFILE_PASSWORD');
const OTHER_PASSWORD = 'another lantern 77';

const SOFIA = 'sofia@bluebell.example';
const MARCO = 'marco@bluebell.example';
// Has no verified email address.
const ZOE = 'zoë.keller@bluebell.example';

test('one-time passwords match the test vectors of RFC 6238, appendix B', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.deepEqual([totp(secret, 1), totp(secret, 37037036)], ['287082', '081804']);
});

describe('The security page', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
  });

  const open = (userId, options) => openConsoleAs(browser, userId, '/account/security', options);

  test('the password is changed, which signs out all other sessions', async () => {
    const other = await open(SOFIA);
    const { page, problems } = await open(SOFIA);
    const password = section(page, 'Password');
    assert.equal(await password.locator('input[autocomplete="username"]').inputValue(), SOFIA);
    const change = async (current, next, repeated = next) => {
      await password.getByLabel('Current password', { exact: true }).fill(current);
      await password.getByLabel('New password', { exact: true }).fill(next);
      await password.getByLabel('New password again', { exact: true }).fill(repeated);
      await press(password, 'Change password');
    };
    const withError = (name, description) => password.getByRole('textbox', { name, exact: true, description }).waitFor();

    await change(PASSWORD, OTHER_PASSWORD, 'something else');
    await withError('New password again', /differ/);
    await recoversFocus(password.getByLabel('New password again', { exact: true }));
    await change('certainly not the password', OTHER_PASSWORD);
    await withError('Current password', /wrong/);
    await change(PASSWORD, 'short');
    await withError('New password', /too short/);
    await picture(page, 'security-wrong-password');

    for (const [current, next] of [[PASSWORD, OTHER_PASSWORD], [OTHER_PASSWORD, PASSWORD]]) {
      await change(current, next);
      // The message of the first change may still be shown during the second.
      await page.waitForFunction(isEmpty);
      await page.getByText('All your other sessions were signed out.').first().waitFor();
      await recoversFocus(password.getByRole('button', { name: 'Change password' }));
    }
    assert.equal(await isSignedIn(other.page), false);
    assert.equal(await isSignedIn(page), true);
    assert.deepEqual(problems, []);
  });

  test('two-step sign-in is turned on with an app, moved to another one, and turned off with a recovery code', async () => {
    const { page, problems } = await open(SOFIA, { permissions: ['clipboard-read', 'clipboard-write'] });
    const mfa = section(page, 'Two-step sign-in');
    await mfa.getByText('Password only').waitFor();
    assert.equal(await section(page, 'Recovery codes').count(), 0);

    await press(mfa, 'Turn on');
    await recoversFocus(mfa.getByRole('heading', { name: 'How do you want to get codes?' }));
    await press(mfa, 'Cancel');
    await recoversFocus(mfa.getByRole('button', { name: 'Turn on' }));
    await press(mfa, 'Turn on');
    const codes = await enableApp(mfa, async (qrCode) => {
      await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, await qrCode.elementHandle());
      await picture(page, 'security-app');
      await mfa.getByLabel('Code from the app').fill('000000');
      await press(mfa, 'Confirm');
      await mfa.getByRole('textbox', { name: 'Code from the app', description: /Attempts left: 4/ }).waitFor();
    });
    await picture(page, 'security-codes');
    await keepsCodes(page, mfa, codes);
    await press(mfa, 'I saved them');
    await page.getByText('Two-step sign-in is on.').waitFor();
    await mfa.getByText('Authenticator app').waitFor();
    await section(page, 'Recovery codes').getByText('Unused codes: 10').waitFor();
    await recoversFocus(mfa.getByRole('button', { name: 'Change method' }));
    await picture(page, 'security-on');

    await press(mfa, 'Change method');
    await mfa.getByText('Your current method stays active').waitFor();
    const [recoveryCode, ...others] = await enableApp(mfa);
    assert.ok(!codes.includes(recoveryCode));
    assert.equal(others.length, 9);
    await press(mfa, 'I saved them');

    await press(mfa, 'Turn off');
    await press(mfa, 'Continue');
    await mfa.getByText('the code that your authenticator app shows, or a recovery code').waitFor();
    await recoversFocus(mfa.getByLabel('Code', { exact: true }));
    await mfa.getByLabel('Code', { exact: true }).fill(recoveryCode.toLowerCase());
    await press(mfa, 'Turn off');
    await mfa.getByText('Password only').waitFor();
    assert.equal(await section(page, 'Recovery codes').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('two-step sign-in by email goes to any address, and recovery codes are replaced', async () => {
    const { page, problems } = await open(ZOE);
    const address = `zoe-${randomUUID()}@bluebell.example`;
    const mfa = section(page, 'Two-step sign-in');
    await press(mfa, 'Turn on');
    await mfa.getByLabel('Codes by email').check();
    const field = mfa.getByLabel('Email address for codes');
    assert.equal(await field.inputValue(), '');
    await field.fill('nowhere');
    await press(mfa, 'Continue');
    await mfa.getByRole('textbox', { name: 'Email address for codes', description: /not valid/ }).waitFor();
    await field.fill(address);
    await press(mfa, 'Continue');
    await mfa.getByText(`We sent a code to ${address}.`).waitFor();
    await answer(page, 'EnableMfa', ['RATE_LIMITED'], { sentTo: null, otp: null });
    await press(mfa, 'Send a new code');
    await mfa.getByRole('status').filter({ hasText: 'Try again in 60 seconds' }).waitFor();
    await picture(page, 'security-email');
    const code = await mailedCode(address);
    await mfa.getByLabel('Code', { exact: true }).fill(code);
    await press(mfa, 'Confirm');
    await press(mfa, 'I saved them');
    await mfa.getByText(`Codes are sent to ${address}.`).waitFor();

    const recovery = section(page, 'Recovery codes');
    await press(recovery, 'Generate new codes');
    const dialog = page.getByRole('dialog', { name: 'Generate new recovery codes?' });
    await press(dialog, 'Cancel');
    await dialog.waitFor({ state: 'detached' });
    await recoversFocus(recovery.getByRole('button', { name: 'Generate new codes' }));
    await press(recovery, 'Generate new codes');
    await press(dialog, 'Generate new codes');
    await recovery.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').nth(9).waitFor();
    await recoversFocus(recovery.getByRole('heading', { name: 'Save your recovery codes' }));
    await press(recovery, 'I saved them');
    await recoversFocus(recovery.getByRole('button', { name: 'Generate new codes' }));

    await press(mfa, 'Turn off');
    await press(mfa, 'Continue');
    await mfa.getByText(`We sent a code to ${address}.`).waitFor();
    await mfa.getByLabel('Code', { exact: true }).fill(await mailedCode(address, code));
    await press(mfa, 'Turn off');
    await mfa.getByText('Password only').waitFor();
    assert.deepEqual(problems, []);
  });

  test('an enforced factor, few recovery codes, and a synced passkey are shown', async () => {
    const { page, problems } = await openChanged(open, MARCO, (me) => {
      me.mfa = { ...me.mfa, state: 'ENABLED', mfaType: 'OTP', recoveryCodesLeft: 2 };
      me.mfa.options.enforce = true;
      const times = { createdAt: '2026-01-02T03:04:05Z', lastUsedAt: '2026-02-03T04:05:06Z' };
      me.passkeys = [{ id: 'passkey-1', name: 'Phone', isBackedUp: true, ...times, __typename: 'Passkey' }];
    });
    await section(page, 'Recovery codes').getByText('Few codes are left.').waitFor();
    const mfa = section(page, 'Two-step sign-in');
    await mfa.getByText('Your administrator requires two-step sign-in').waitFor();
    assert.equal(await mfa.getByRole('button', { name: 'Turn off' }).count(), 0);
    const passkeys = section(page, 'Passkeys');
    await passkeys.getByText('Synced', { exact: true }).waitFor();
    await passkeys.getByText('Added on Jan 2, 2026 · last used Feb 3, 2026').waitFor();
    await picture(page, 'security-states');
    assert.deepEqual(problems, []);
  });

  test('users of another system see where to change their password', async () => {
    const { page, problems } = await openChanged(open, MARCO, (me) => {
      me.authType = 'EXTERNAL';
    });
    await section(page, 'Sign-in').getByText('Another system signs you in.').waitFor();
    assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['Sign-in']);
    assert.deepEqual(problems, []);
  });

  test('a passkey is added, renamed, and removed', async () => {
    const { page, problems } = await open(MARCO);
    const authenticator = await addAuthenticator(page);
    const passkeys = section(page, 'Passkeys');
    await passkeys.getByText('You have no passkeys yet.').waitFor();
    const add = async (name) => {
      await press(passkeys, 'Add a passkey');
      const field = passkeys.getByRole('textbox', { name: 'Name' });
      assert.equal(await field.inputValue(), 'Linux');
      await field.fill(name);
      await press(passkeys, 'Continue');
    };

    await add('');
    await passkeys.getByRole('textbox', { name: 'Name', description: /required/ }).waitFor();
    await press(passkeys, 'Cancel');
    await add('Laptop');
    await page.getByText('The passkey is added.').waitFor();
    await passkeys.getByRole('button', { name: 'Rename: Laptop' }).waitFor();
    await passkeys.getByText('not used yet').waitFor();
    await recoversFocus(passkeys.getByRole('button', { name: 'Add a passkey' }));
    await picture(page, 'security-passkeys');
    await add('The same again');
    await passkeys.getByRole('alert').filter({ hasText: 'already has a passkey' }).waitFor();
    await press(passkeys, 'Cancel');

    await press(passkeys, 'Rename: Laptop');
    const renaming = page.getByRole('dialog', { name: 'Rename the passkey' });
    await recoversFocus(renaming.getByLabel('Name'));
    await renaming.getByLabel('Name').fill(' ');
    await press(renaming, 'Save');
    await renaming.getByRole('textbox', { name: 'Name', description: /required/ }).waitFor();
    const response = await holdResponse(page, 'RenamePasskey');
    await renaming.getByLabel('Name').fill('Old laptop');
    await press(renaming, 'Save');
    await response.arrived;
    // The dialog hides the list from screen readers.
    await page.getByText('Old laptop', { exact: true }).waitFor();
    response.release();
    await renaming.waitFor({ state: 'detached' });
    await recoversFocus(passkeys.getByRole('button', { name: 'Rename: Old laptop' }));

    await press(passkeys, 'Remove: Old laptop');
    const removal = page.getByRole('dialog', { name: 'Remove this passkey?', description: /“Old laptop”/ });
    await picture(page, 'security-remove-passkey');
    await press(removal, 'Remove');
    await page.getByText('The passkey is removed.').waitFor();
    await passkeys.getByText('You have no passkeys yet.').waitFor();
    await recoversFocus(passkeys.getByRole('button', { name: 'Add a passkey' }));

    // The authenticator does not find its user.
    await authenticator.override({ isBadUV: true });
    await add('Refused');
    await passkeys.getByRole('alert').filter({ hasText: 'This passkey was not accepted.' }).waitFor();
    assert.deepEqual(problems, []);
  });

  for (const [name, sentence] of [
    ['NotAllowedError', 'you cancelled, or it took too long'],
    ['SecurityError', 'cannot be used at the address of this page'],
    ['NotSupportedError', 'This browser or device cannot add passkeys'],
  ]) {
    test(`a passkey that the browser refuses with ${name} is explained`, async () => {
      const { page, problems } = await open(MARCO);
      await page.evaluate((name) => {
        navigator.credentials.create = () => Promise.reject(new DOMException('refused', name));
      }, name);
      const passkeys = section(page, 'Passkeys');
      await press(passkeys, 'Add a passkey');
      await press(passkeys, 'Continue');
      await passkeys.getByRole('alert').filter({ hasText: sentence }).waitFor();
      assert.deepEqual(problems, []);
    });
  }

  test('a browser without passkeys gets an explanation', async () => {
    const { page, problems } = await open(MARCO);
    await page.addInitScript(() => delete window.PublicKeyCredential);
    await page.reload();
    const passkeys = section(page, 'Passkeys');
    await passkeys.getByText('This browser or device cannot add passkeys').waitFor();
    assert.equal(await passkeys.getByRole('button', { name: 'Add a passkey' }).count(), 0);
    assert.deepEqual(problems, []);
  });

  test('cancelling step-up authentication leads back to the question', async () => {
    const { page, problems } = await open(MARCO);
    await addAuthenticator(page);
    const passkeys = section(page, 'Passkeys');
    await press(passkeys, 'Add a passkey');
    await passkeys.getByRole('textbox', { name: 'Name' }).fill('Key');
    await press(passkeys, 'Continue');
    await answer(page, 'RemovePasskey', ['REAUTHENTICATION_REQUIRED', 'LAST_SIGN_IN_METHOD'], { user: null });
    await press(passkeys, 'Remove: Key');
    const removal = page.getByRole('dialog', { name: 'Remove this passkey?' });
    await press(removal, 'Remove');
    const stepUp = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await stepUp.getByLabel('Password', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await stepUp.waitFor({ state: 'detached' });
    await removal.getByRole('alert').filter({ hasText: 'Nothing was changed.' }).waitFor();
    await press(removal, 'Remove');
    await removal.getByRole('alert').filter({ hasText: 'This is your only way to sign in.' }).waitFor();
    await page.keyboard.press('Escape');
    await removal.waitFor({ state: 'detached' });
    await recoversFocus(passkeys.getByRole('button', { name: 'Remove: Key' }));

    await press(passkeys, 'Remove: Key');
    await press(removal, 'Remove');
    await page.getByText('The passkey is removed.').waitFor();
    assert.deepEqual(problems, []);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`the page fits a width of 320 pixels, ${colorScheme}`, async () => {
      const { page, problems } = await open(MARCO, { viewport: { width: 320, height: 700 }, colorScheme });
      const mfa = section(page, 'Two-step sign-in');
      await press(mfa, 'Turn on');
      await press(mfa, 'Continue');
      await mfa.getByRole('img').waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await picture(page, `security-narrow-${colorScheme}`);
      assert.deepEqual(problems, []);
    });
  }
});

/** Chooses and confirms an authenticator app, and returns the recovery codes. */
async function enableApp(mfa, beforeCode) {
  await mfa.getByLabel('Authenticator app').check();
  await press(mfa, 'Continue');
  const qrCode = mfa.getByRole('img', { name: 'QR code' });
  await qrCode.waitFor();
  await beforeCode?.(qrCode);
  const secret = await mfa.getByRole('code').innerText();
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  await mfa.getByLabel('Code from the app').fill(totp(secret));
  await press(mfa, 'Confirm');
  const codes = mfa.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await codes.nth(9).waitFor();
  await recoversFocus(mfa.getByRole('heading', { name: 'Save your recovery codes' }));
  return codes.allInnerTexts();
}

/** The codes can be copied, downloaded, and printed. */
async function keepsCodes(page, mfa, codes) {
  await press(mfa, 'Copy');
  await mfa.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));

  const downloading = page.waitForEvent('download');
  await press(mfa, 'Download');
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'recovery-codes.txt');
  const lines = (await readFile(await download.path(), 'utf8')).split('\n');
  assert.deepEqual(lines.slice(2, 12), codes);

  const printing = page.evaluate(() => new Promise((resolve) => (window.print = resolve)));
  await press(mfa, 'Print');
  await printing;
  await page.emulateMedia({ media: 'print' });
  assert.ok(await mfa.getByText(codes[0]).isVisible());
  assert.ok(!(await page.getByRole('heading', { level: 1 }).isVisible()));
  await picture(page, 'security-print');
  await page.emulateMedia({ media: null });
}

/** Opens the page with another state of the user than the server has. */
async function openChanged(open, userId, change) {
  const visitor = await open(userId);
  await visitor.page.route('**/graphql', async (route) => {
    if (operationName(route.request()) !== 'Security') return route.fallback();
    const response = await route.fetch();
    const json = await response.json();
    change(json.data.me);
    return route.fulfill({ response, json });
  });
  await visitor.page.reload();
  return visitor;
}

/** Answers the next requests for the operation with these errors. */
async function answer(page, name, codes, payload) {
  await page.route('**/graphql', (route) => {
    if (operationName(route.request()) !== name || codes.length === 0) return route.fallback();
    const error = { message: 'Refused.', code: codes.shift(), field: null, retryAfter: 60, __typename: `${name}Error` };
    const field = name[0].toLowerCase() + name.slice(1);
    const data = { [field]: { ...payload, errors: [error], __typename: `${name}Payload` } };
    return route.fulfill({ json: { data } });
  });
}

/** Delays the next response to the operation: `arrived` waits for it, and `release` passes it to the page. */
async function holdResponse(page, name) {
  let arrive, release;
  const arrived = new Promise((resolve) => (arrive = resolve));
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/graphql', async (route) => {
    if (operationName(route.request()) !== name) return route.fallback();
    const response = await route.fetch();
    arrive();
    await released;
    return route.fulfill({ response });
  });
  return { arrived, release };
}

function operationName(request) {
  return /(?:query|mutation) (\w+)/.exec(request.postDataJSON().query)?.[1];
}

/** Whether the page has a session. */
function isSignedIn(page) {
  return page.evaluate(async () => {
    const headers = { 'content-type': 'application/json', 'x-userprofile-session': 'cookie' };
    const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: '{ me { id } }' }) });
    return (await response.json()).data.me !== null;
  });
}

/** Waits until the element has the focus. */
async function recoversFocus(part) {
  await part.page().waitForFunction((element) => element === document.activeElement, await part.elementHandle());
}

/** Runs in the page: whether the form is empty again. */
function isEmpty() {
  return document.querySelector('input[autocomplete="new-password"]').value === '';
}
