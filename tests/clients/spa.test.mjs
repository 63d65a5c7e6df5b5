// The single-page application of examples/spa in a browser. No other test uses these users.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fillIn, launch, picture } from './browser.mjs';
import { required } from './environment.mjs';
import { mailedCode } from './mailbox.mjs';
import * as spa from './spa.mjs';
import { enter, press, section } from './spa.mjs';
import { currentStep, totp } from './totp.mjs';

const PASSWORD = required('USERPROFILE_PASSWORD');
const OTHER_PASSWORD = 'another lantern 77';

const BEN = 'ben@bluebell.example';
const YUNA = 'yuna@bluebell.example';
const AIKO = 'aiko@bluebell.example';
const KENJI = 'kenji@bluebell.example';
const MINHO = 'minho@bluebell.example';
const FELIX = 'felix@bluebell.example';

test('one-time passwords match the test vectors of RFC 6238, appendix B', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.deepEqual([totp(secret, 1), totp(secret, 37037036)], ['287082', '081804']);
});

describe('The single-page application', () => {
  let browser, started, built;

  before(async () => {
    browser = await launch();
    started = await spa.startSpa();
    built = await spa.previewSpa();
  });

  after(async () => {
    await Promise.all([browser?.close(), started?.stop(), built?.stop()]);
  });

  const open = (options) => spa.visitSpa(browser, built.url, options);

  const enterAs = async (userId, options) => {
    const visitor = await open(options);
    await fillIn(visitor.page, { userId });
    await section(visitor.page, 'Workspaces').getByRole('status').filter({ hasText: /./ }).waitFor();
    return visitor;
  };

  test('starts with one command', async () => {
    const { page, problems } = await spa.visitSpa(browser, started.url);
    await fillIn(page, { userId: MINHO });
    await page.getByRole('heading', { name: 'Minho Park' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('a wrong password shows an error', async () => {
    const { page, problems } = await open();
    await fillIn(page, { userId: BEN, password: 'certainly not the password' });
    await page.getByRole('alert').filter({ hasText: 'is wrong' }).waitFor();
    await picture(page, 'spa-wrong-password');
    assert.deepEqual(problems, []);
  });

  test('the session survives a reload, in cookies that scripts cannot read', async () => {
    const { page, problems } = await open();
    const response = spa.responseTo(page, 'SignIn');
    await fillIn(page, { userId: BEN });
    assert.doesNotMatch(await (await response).text(), /up[ar]_/);
    await section(page, 'Profile').waitFor();
    await page.reload();
    await section(page, 'Profile').waitFor();
    const kept = () => document.cookie + JSON.stringify([{ ...localStorage }, { ...sessionStorage }]);
    assert.equal(await page.evaluate(kept), '[{},{}]');
    const cookies = (await page.context().cookies()).sort(byName);
    const facts = cookies.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite }));
    const safe = { httpOnly: true, secure: true, sameSite: 'Lax' };
    assert.deepEqual(facts, [{ name: '__Host-upa', ...safe }, { name: '__Host-upr', ...safe }]);
    assert.deepEqual(problems, []);
  });

  test('profile, email address, and MFA by app can be changed; sign-in then needs a one-time password', async () => {
    const { page, problems } = await enterAs(BEN);
    await picture(page, 'spa-signed-in');

    const profile = section(page, 'Profile');
    await profile.getByLabel('Timezone').fill('Mars/Olympus');
    await press(profile, 'Save');
    const timezone = profile.getByRole('combobox', { name: 'Timezone', description: /not a time zone/i });
    await timezone.waitFor();
    assert.ok(await hasFocus(timezone), 'the invalid input has the focus');
    await picture(page, 'spa-wrong-timezone');
    const name = `Ben ${randomUUID().slice(0, 8)}`;
    await profile.getByLabel('Name').fill(` ${name} `);
    await timezone.fill('Africa/Lagos');
    await press(profile, 'Save');
    await page.getByRole('heading', { name, exact: true }).waitFor();
    // The heading changes before the form completes.
    await profile.getByText('Saved.').waitFor();
    assert.equal(await profile.getByLabel('Name').inputValue(), name);
    await picture(page, 'spa-new-name');

    const email = section(page, 'Email');
    const address = `ben-${randomUUID()}@bluebell.example`;
    await email.getByLabel('New address').fill(address);
    await press(email, 'Change address');
    await email.getByText(`We sent a code to ${address}`).waitFor();
    await press(email, 'Send a new code');
    await email.getByText(/Try again in \d+ seconds/).waitFor();
    await picture(page, 'spa-pending-address');
    await enter(email, await mailedCode(address));
    await email.getByLabel('New address').waitFor();
    const shownAddress = email.getByRole('paragraph').filter({ hasText: address });
    await shownAddress.getByText('verified', { exact: true }).waitFor();
    await picture(page, 'spa-new-address');

    const mfa = section(page, 'Two-step sign-in');
    await press(mfa, 'Turn on');
    const qrCode = mfa.getByRole('img', { name: 'QR code' });
    await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, await qrCode.elementHandle());
    const secret = await mfa.getByRole('code').innerText();
    await picture(page, 'spa-qr-code');
    const used = currentStep();
    await enter(mfa, totp(secret, used));
    const codes = mfa.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
    await codes.first().waitFor();
    const [recoveryCode, ...others] = await codes.allInnerTexts();
    assert.equal(others.length, 9);
    await picture(page, 'spa-recovery-codes');
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await press(mfa, 'Copy');
    await mfa.getByText('Please copy them by hand.').waitFor();
    await press(mfa, 'I have stored them');
    await codes.first().waitFor({ state: 'detached' });
    assert.ok(await mfa.getByText('Authenticator app').isVisible());

    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
    await picture(page, 'spa-signed-out');
    await fillIn(page, { userId: BEN });
    await page.getByText('the code that your authenticator app shows').waitFor();
    await enter(page, totp(secret, used));
    await page.getByText('is wrong').waitFor();
    await picture(page, 'spa-challenge');
    await page.waitForFunction((used) => Date.now() / 30_000 >= used + 1, used);
    await enter(page, totp(secret));
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await picture(page, 'spa-signed-in-again');

    await press(mfa, 'Turn off');
    await enter(mfa, recoveryCode);
    await mfa.getByText('off', { exact: true }).waitFor();
    await picture(page, 'spa-switched-off');
    assert.deepEqual(problems, []);
  });

  test('MFA by email can be enabled and disabled', async () => {
    const { page, problems } = await enterAs(YUNA);
    const address = `yuna-${randomUUID()}@bluebell.example`;
    const mfa = section(page, 'Two-step sign-in');
    await mfa.getByLabel('Codes by email').check();
    await mfa.getByLabel('Address').fill('nowhere');
    await press(mfa, 'Turn on');
    await mfa.getByRole('textbox', { name: 'Address', description: /not an email address/i }).waitFor();
    await mfa.getByLabel('Address').fill(address);
    await press(mfa, 'Turn on');
    const first = await mailedCode(address);
    await enter(mfa, first);
    await press(mfa, 'I have stored them');
    await mfa.getByText(`Email to ${address}`).waitFor();

    await press(page, 'Sign out');
    await fillIn(page, { userId: YUNA });
    await page.getByText(/the code that we sent to y…@bluebell\.example/).waitFor();
    const second = await mailedCode(address, first);
    await enter(page, second);
    await press(mfa, 'Turn off');
    await enter(mfa, await mailedCode(address, second));
    await mfa.getByText('off', { exact: true }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('a sensitive operation is repeated after reauthentication', async () => {
    const { page, problems, sent } = await enterAs(AIKO);
    await spa.requireReauthentication(page, 2);
    const address = `aiko-${randomUUID()}@bluebell.example`;
    const email = section(page, 'Email');
    await email.getByLabel('New address').fill(address);
    await press(email, 'Change address');
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await press(dialog, 'Cancel');
    await email.getByText('Nothing was changed').waitFor();
    await press(email, 'Change address');
    assert.ok(await hasFocus(dialog.getByLabel('Password')));
    assert.equal(await usernameFor(dialog), AIKO);
    await dialog.getByLabel('Password').fill('certainly not the password');
    await press(dialog, 'Continue');
    await dialog.getByRole('textbox', { name: 'Password', description: /not your password|wrong/ }).waitFor();
    await picture(page, 'spa-fresh-sign-in');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Continue');
    await email.getByText(`We sent a code to ${address}`).waitFor();
    assert.deepEqual(sent.slice(-4), ['UpdateProfile', 'Reauthenticate', 'Reauthenticate', 'UpdateProfile']);
    await press(email, 'Cancel');
    await email.getByLabel('New address').waitFor();
    assert.deepEqual(problems, []);
  });

  for (const isLate of [false, true]) {
    test(`two concurrent requests cause one refresh${isLate ? ', even if one response is late' : ''}`, async () => {
      const { page, problems, sent } = await enterAs(MINHO);
      await page.context().clearCookies({ name: '__Host-upa' });
      const before = sent.length;
      const [me, workspaces] = ['Me', 'WorkspacePage'].map((name) => spa.responseTo(page, name));
      const late = isLate ? await spa.delayResponse(page, 'WorkspacePage') : undefined;
      await returnToTab(page);
      await Promise.all([me.then(late?.release), workspaces]);
      assert.deepEqual(sent.slice(before).sort(), ['Me', 'Me', 'RefreshSession', 'WorkspacePage', 'WorkspacePage']);
      assert.ok(await section(page, 'Profile').isVisible());
      assert.deepEqual(problems, []);
    });
  }

  test('a late response does not restore a previous state', async () => {
    const { page, problems } = await enterAs(KENJI);
    const withLateResponse = async (act) => {
      const response = await spa.delayResponse(page, 'Me');
      await returnToTab(page);
      await response.arrived;
      await act();
      const late = spa.responseTo(page, 'Me');
      response.release();
      await late;
      // The page has processed the response.
      await page.evaluate(() => new Promise(requestIdleCallback));
    };

    const profile = section(page, 'Profile');
    const name = `Kenji ${randomUUID().slice(0, 8)}`;
    const heading = page.getByRole('heading', { name, exact: true });
    await withLateResponse(async () => {
      await profile.getByLabel('Name').fill(name);
      await press(profile, 'Save');
      await heading.waitFor();
    });
    assert.ok(await heading.isVisible());

    const signedOut = page.getByText('You are signed out.');
    await withLateResponse(async () => {
      await press(page, 'Sign out');
      await signedOut.waitFor();
    });
    assert.ok(await signedOut.isVisible());
    assert.deepEqual(problems, []);
  });

  test('a form shows an error while offline, and works again afterwards', async () => {
    const { page } = await enterAs(MINHO);
    const profile = section(page, 'Profile');
    await page.context().setOffline(true);
    await press(profile, 'Save');
    await profile.getByText('The server cannot be reached.').waitFor();
    await page.context().setOffline(false);
    await press(profile, 'Save');
    await profile.getByText('Saved.').waitFor();
  });

  test('if the first request fails, the page offers to try again', async () => {
    const { page } = await open();
    let isGone = true;
    await page.route('**/graphql', (route) => (isGone ? route.abort() : route.fallback()));
    await page.reload();
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached.' }).waitFor();
    assert.ok(await hasFocus(page.getByRole('button', { name: 'Try again' })));
    isGone = false;
    const response = await spa.delayResponse(page, 'Me');
    await press(page, 'Try again');
    await page.getByRole('status').filter({ hasText: 'Loading…' }).waitFor();
    response.release();
    await page.getByLabel('Password').waitFor();
  });

  test('the sign-in form is shown when the session has ended', async () => {
    const { page, problems } = await enterAs(MINHO);
    await page.context().clearCookies();
    await returnToTab(page);
    await page.getByText('Your session has ended.').waitFor();
    assert.ok(await page.getByLabel('Password').isVisible());
    assert.deepEqual(problems, []);
  });

  test('workspaces are listed page by page, with role and group, and can be filtered', async () => {
    const { page, problems } = await enterAs(MINHO);
    const workspaces = section(page, 'Workspaces');
    await workspaces.getByText('5 of 26').waitFor();
    for (const shown of [10, 15, 20, 25, 26]) {
      await press(workspaces, 'Show more');
      await workspaces.getByText(`${shown} of 26`).waitFor();
    }
    assert.ok(!(await workspaces.getByRole('button', { name: 'Show more' }).isVisible()));
    await workspaces.getByLabel('Filter by name').fill('fleet api prod');
    await workspaces.getByText('1 of 1').waitFor();
    const row = workspaces.getByRole('row').last();
    assert.deepEqual(await row.getByRole('cell').allInnerTexts(), ['Workspace Owner', 'Cloud Platform']);
    await workspaces.getByLabel('Filter by name').fill('%');
    await workspaces.getByText('100%_Uptime Study').waitFor();
    assert.deepEqual(problems, []);
  });

  test('the password can be changed', async () => {
    const { page, problems } = await enterAs(KENJI);
    const password = section(page, 'Password');
    assert.equal(await usernameFor(password), KENJI);
    const change = async (current, next) => {
      await password.getByLabel('Current password').fill(current);
      await password.getByLabel('New password').fill(next);
      await press(password, 'Change password');
    };
    await change(PASSWORD, 'short');
    await password.getByRole('textbox', { name: 'New password', description: /must have at least 8/ }).waitFor();
    for (const [current, next] of [[PASSWORD, OTHER_PASSWORD], [OTHER_PASSWORD, PASSWORD]]) {
      await change(current, next);
      // The message of the first change may still be shown during the second. The inputs are cleared on completion.
      await isEmpty(password.getByLabel('New password'));
      assert.ok(await password.getByText('Your password is changed.').isVisible());
      assert.equal(await password.getByLabel('Current password').inputValue(), '');
    }
    assert.deepEqual(problems, []);
  });

  test('a form is submitted once, even if its button is clicked twice', async () => {
    const { page, problems, sent } = await enterAs(KENJI);
    const profile = section(page, 'Profile');
    const before = sent.length;
    // Both clicks before the page can show that the form is being submitted.
    await profile.getByRole('button', { name: 'Save' }).evaluate((button) => [1, 2].forEach(() => button.click()));
    await profile.getByText('Saved.').waitFor();
    assert.deepEqual(sent.slice(before), ['UpdateProfile']);
    await profile.getByLabel('Timezone').fill('Mars/Olympus');
    await press(profile, 'Save');
    await profile.getByRole('combobox', { name: 'Timezone', description: /not a time zone/i }).waitFor();
    assert.deepEqual(sent.slice(before), ['UpdateProfile', 'UpdateProfile']);
    assert.deepEqual(problems, []);
  });

  test('text that is typed while a form is being submitted is kept', async () => {
    const { page, problems } = await enterAs(KENJI);
    const profile = section(page, 'Profile');
    const response = await spa.delayResponse(page, 'UpdateProfile');
    await press(profile, 'Save');
    await response.arrived;
    await profile.getByLabel('Name').fill('Kenji, typed meanwhile');
    response.release();
    await profile.getByText('Saved.').waitFor();
    assert.equal(await profile.getByLabel('Name').inputValue(), 'Kenji, typed meanwhile');
    assert.deepEqual(problems, []);
  });

  test('while an action is required, only that one is offered', async () => {
    const { page, problems } = await enterAs(FELIX);
    await page.getByText('An administrator requires you to turn on two-step sign-in').waitFor();
    assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['Two-step sign-in', 'Workspaces']);
    await picture(page, 'spa-required-actions');
    assert.deepEqual(problems, []);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`the page fits a width of 320 pixels, ${colorScheme}`, async () => {
      const { page, problems } = await enterAs(MINHO, { viewport: { width: 320, height: 700 }, colorScheme });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await picture(page, `spa-narrow-${colorScheme}`);
      assert.deepEqual(problems, []);
    });
  }
});

/** Simulates returning to the browser tab, after which the page reads its data again. */
function returnToTab(page) {
  return page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
}

function hasFocus(part) {
  return part.evaluate((element) => element === document.activeElement);
}

/** Waits until the field is empty. */
async function isEmpty(field) {
  await field.page().waitForFunction((input) => input.value === '', await field.elementHandle());
}

/** The form's user id, as password managers read it. */
function usernameFor(form) {
  return form.locator('input[autocomplete="username"]').inputValue();
}

function byName(one, other) {
  return one.name < other.name ? -1 : 1;
}
