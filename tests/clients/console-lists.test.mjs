// The pages of the account console for sessions, activity, workspaces, groups, and data. No other test uses these users.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.mjs';
import { at, openConsole, openConsoleAs, press, section, signIn } from './console.mjs';
import { address } from './environment.mjs';
import { mailedCode } from './mailbox.mjs';

const GRACE = 'grace@bluebell.example';
const KENJI = 'kenji@bluebell.example';
const YUNA = 'yuna@bluebell.example';
const EMMA = 'emma@bluebell.example';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0';

describe('Lists of the account console', () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  test('sessions can be signed out, one or all others', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA);
    await call(page, 'mutation { revokeOtherSessions { revoked } }');
    const firefox = await openConsoleAs(browser, EMMA, '/account', { userAgent: FIREFOX });
    const third = await openConsoleAs(browser, EMMA);

    await page.goto(at('/account/sessions'));
    const sessions = section(page, 'Your sessions');
    const rows = sessions.getByRole('listitem');
    await rows.nth(2).waitFor();
    assert.match(await rows.first().innerText(), /This device/);
    assert.equal(await rows.filter({ hasText: 'This device' }).getByRole('button').count(), 0);
    assert.match(await rows.filter({ hasText: 'Firefox on Windows' }).innerText(), /Last used .+ · Signed in on .+/);

    await sessions.getByRole('button', { name: 'Sign out Firefox on Windows at' }).click();
    await page.getByText('The device is signed out.').waitFor();
    await rows.filter({ hasText: 'Firefox' }).waitFor({ state: 'detached' });
    assert.equal(await isSignedIn(firefox.page), false);

    await signIn(firefox.page, EMMA);
    await page.reload();
    await rows.nth(2).waitFor();
    await press(sessions, 'Sign out everywhere else');
    const dialog = page.getByRole('dialog', { name: 'Sign out everywhere else' });
    await dialog.getByText('2 other sessions end. You stay signed in here.').waitFor();
    await press(dialog, 'Cancel');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await rows.count(), 3);

    await press(sessions, 'Sign out everywhere else');
    await press(dialog, 'Sign out everywhere else');
    await page.getByText('You are signed out everywhere else.').waitFor();
    await rows.nth(1).waitFor({ state: 'detached' });
    assert.equal(await sessions.getByRole('button').count(), 0);
    assert.deepEqual(await Promise.all([page, firefox.page, third.page].map(isSignedIn)), [true, false, false]);
    assert.deepEqual([problems, firefox.problems, third.problems], [[], [], []]);
  });

  test('a session that the server does not end stays in the list', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA);
    const firefox = await openConsoleAs(browser, EMMA, '/account', { userAgent: FIREFOX });
    await page.goto(at('/account/sessions'));
    const payload = { revoked: 0, errors: [{ code: 'UNAVAILABLE', message: 'no', field: null }] };
    await answer(page, 'RevokeSession', { data: { revokeSession: typed('RevokeSession', payload) } });
    const button = page.getByRole('button', { name: 'Sign out Firefox on Windows at' });
    await button.click();
    await page.getByText('The server cannot do this at the moment.').waitFor();
    await button.waitFor();
    assert.ok(await isSignedIn(firefox.page));
    assert.deepEqual(problems, []);
  });

  test('activity is listed by day, with a badge on what needs attention', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA);
    await signIn(page, EMMA, 'certainly not the password').catch(() => null);
    await shorten(page, 'ActivityList', 2);
    await page.goto(at('/account/activity'));
    const today = section(page, 'Today').getByRole('listitem');
    await today.nth(1).waitFor();
    assert.match(await today.nth(0).innerText(), /A sign-in failed\.\s+Check this/);
    assert.match(await today.nth(0).innerText(), /Somebody, perhaps you · Chrome on Linux · \S+$/);
    assert.match(await today.nth(1).innerText(), /^You signed in\.\s+.+ · You · Chrome on Linux · \S+$/);
    await press(page, 'Show more');
    await today.nth(3).waitFor();
    await page.getByText(/^Showing 4 of \d+$/).waitFor();
    await page.getByRole('link', { name: 'Was this not you?' }).click();
    await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor();
    assert.deepEqual(problems, []);
  });

  const activityIn = { [KENJI]: ['アクティビティ', '今日', 'ログインしました。'], [YUNA]: ['활동 기록', '오늘', '로그인했습니다.'] };
  for (const [userId, [title, today, sentence]] of Object.entries(activityIn)) {
    test(`activity is in the language of ${userId}`, async () => {
      const { page, problems } = await openConsoleAs(browser, userId, '/account/activity');
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      await section(page, today).getByText(sentence).first().waitFor();
      assert.deepEqual(problems, []);
    });
  }

  test('workspaces are searched by name and role, and the search is kept in the address', async () => {
    const { page, problems } = await openConsoleAs(browser, GRACE, '/account/workspaces');
    const rows = page.getByRole('main').getByRole('listitem');
    const status = page.getByRole('status').filter({ hasText: 'Showing' });
    await status.filter({ hasText: 'Showing 20 of 26' }).waitFor();
    await press(page, 'Show more');
    await status.filter({ hasText: 'Showing 26 of 26' }).waitFor();
    assert.equal(await rows.count(), 26);
    assert.ok(await status.evaluate((element) => element === document.activeElement), 'the focus is not lost');
    assert.match(await rows.filter({ hasText: 'Greenhouse Osaka' }).innerText(), /Dormant\s+Group: Greenhouses/);

    const search = page.getByRole('searchbox', { name: 'Search by name' });
    await search.fill('100%_');
    await status.filter({ hasText: 'Showing 1 of 1' }).waitFor();
    await page.waitForURL('**/account/workspaces?q=100%25_');
    await page.reload();
    await rows.filter({ hasText: '100%_Uptime Study' }).waitFor();
    assert.equal(await search.inputValue(), '100%_');

    await page.getByLabel('Your role').selectOption('Owner');
    await page.getByText('No workspace matches your search.').waitFor();
    await press(page, 'Show all workspaces');
    await status.filter({ hasText: 'Showing 20 of 26' }).waitFor();
    assert.equal(new URL(page.url()).search, '');
    assert.equal(await search.inputValue(), '');
    assert.deepEqual(problems, []);
  });

  test('the role is shown, and a user without workspaces sees that there are none', async () => {
    const emma = await openConsoleAs(browser, EMMA, '/account/workspaces?role=WORKSPACE_MEMBER');
    const row = emma.page.getByRole('main').getByRole('listitem');
    await row.first().waitFor();
    assert.match(await row.first().innerText(), /Member · Group: Assembly Line/);
    const yuna = await openConsoleAs(browser, YUNA, '/account/workspaces');
    await yuna.page.getByText('아직 워크스페이스가 없습니다.').waitFor();
    assert.deepEqual([emma.problems, yuna.problems], [[], []]);
  });

  test('a list that cannot be read can be read again', async () => {
    const { page, problems } = await openConsoleAs(browser, GRACE);
    const errors = [{ message: 'no', extensions: { code: 'UNAVAILABLE' } }];
    await answer(page, 'GroupList', { data: null, errors });
    await page.getByRole('link', { name: 'Groups', exact: true }).click();
    await page.getByRole('alert').getByText('The server cannot do this at the moment.').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await press(page, 'Try again');
    await page.getByRole('button', { name: 'Night Watch' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('a group shows its members and workspaces', async () => {
    const { page, problems } = await openConsoleAs(browser, GRACE, '/account/groups');
    const group = section(page, 'Night Watch');
    const button = group.getByRole('button', { name: 'Night Watch', expanded: false, description: 'Workspaces: 2 · Members: 5' });
    await button.focus();
    await page.keyboard.press('Enter');
    await group.getByRole('button', { name: 'Night Watch', expanded: true }).waitFor();
    await group.getByRole('heading', { level: 3, name: 'Members' }).waitFor();
    const rows = group.getByRole('listitem');
    assert.match(await rows.filter({ hasText: 'walter@' }).innerText(), /Deleted user/);
    assert.match(await rows.filter({ hasText: 'kiosk-07' }).innerText(), /kiosk-07/);
    await rows.filter({ hasText: 'Alarm Drill' }).waitFor();
    await page.keyboard.press('Enter');
    await rows.first().waitFor({ state: 'detached' });

    await press(page, 'Alumni Club');
    await section(page, 'Alumni Club').getByText('This group has no members.').waitFor();
    assert.deepEqual(problems, []);
  });

  test('all data can be downloaded', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA, '/account/data');
    const started = page.waitForEvent('download');
    await press(section(page, 'Download your data'), 'Download');
    const download = await started;
    assert.match(download.suggestedFilename(), /^userprofile-data-\d{4}-\d\d-\d\d\.json$/);
    const data = JSON.parse(await readFile(await download.path(), 'utf8'));
    assert.deepEqual([data.format, data.user.userId], ['userprofile-data', EMMA]);
    await page.getByText('Your data was downloaded.').waitFor();
    assert.deepEqual(problems, []);
  });

  test('a server that does not delete accounts says so', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA, '/account/data');
    const refusal = { code: 'DELETION_DISABLED', message: 'no', retryAfter: null };
    const payload = typed('RequestAccountDeletion', { sentTo: null, errors: [refusal] });
    await answer(page, 'RequestAccountDeletion', { data: { requestAccountDeletion: payload } });
    const deletion = section(page, 'Delete your account');
    await press(deletion, 'Delete account…');
    await press(page.getByRole('dialog'), `Send a code to ${EMMA}`);
    await deletion.getByRole('status').getByText('Accounts cannot be deleted here.').waitFor();
    assert.equal(await deletion.getByRole('button').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('the account is deleted with a code, and a sign-in keeps it', async () => {
    const { page, problems } = await openConsoleAs(browser, EMMA, '/account/data');
    const otherTab = await page.context().newPage();
    await otherTab.goto(at('/account/activity'));
    await otherTab.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    const used = await latestCode(EMMA);

    await press(section(page, 'Delete your account'), 'Delete account…');
    const dialog = page.getByRole('dialog', { name: 'Delete your account' });
    await dialog.getByRole('heading', { name: 'What stays' }).waitFor();
    await press(dialog, `Send a code to ${EMMA}`);
    const code = dialog.getByLabel('Code');
    await code.fill('no code');
    await press(dialog, 'Delete my account');
    await dialog.getByRole('textbox', { name: 'Code', description: 'This value is not valid.' }).waitFor();
    await code.fill(await mailedCode(EMMA, used));
    await press(dialog, 'Delete my account');

    const farewell = page.getByRole('dialog', { name: 'Your account will be deleted' });
    await farewell.getByText(/^Your account will be deleted on .*\d{4}.*\. Sign in before then to keep it\.$/).waitFor();
    await otherTab.getByRole('heading', { level: 1, name: 'Activity' }).waitFor({ state: 'detached' });
    assert.equal(await isSignedIn(page), false);
    assert.ok(await farewell.isVisible(), 'it stays until the user has read it');
    assert.equal(await page.getByRole('dialog').count(), 1);
    await press(farewell, 'I understand');
    await page.getByRole('heading', { level: 1, name: 'Your data', includeHidden: true }).waitFor({ state: 'detached' });

    const { page: again, problems: others } = await openConsole(browser, '/plain/page.css');
    await signIn(again, EMMA);
    await again.goto(at('/account/activity'));
    await again.getByText('The deletion of your account was cancelled.').first().waitFor();
    assert.deepEqual([problems, others], [[], []]);
  });
});

/** Executes a document in the session of the page. */
function call(page, query) {
  return page.evaluate(async (query) => {
    const headers = { 'content-type': 'application/json', 'x-userprofile-session': 'cookie' };
    const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
    return response.json();
  }, query);
}

async function isSignedIn(page) {
  const { data } = await call(page, '{ me { id } }');
  return Boolean(data?.me);
}

/** Answers the operation of this name instead of the server. */
function answer(page, operationName, body) {
  return onOperation(page, operationName, (route) => route.fulfill({ json: body }));
}

/** Has the server return shorter pages of a list. */
function shorten(page, operationName, first) {
  return onOperation(page, operationName, (route, request) =>
    route.continue({ postData: JSON.stringify({ ...request, variables: { ...request.variables, first } }) }),
  );
}

function onOperation(page, operationName, handle) {
  return page.route('**/graphql', (route) => {
    const request = route.request().postDataJSON();
    return request.operationName === operationName ? handle(route, request) : route.continue();
  });
}

/** The payload of a mutation, with the names of its types. */
function typed(mutation, { errors, ...payload }) {
  return {
    ...payload,
    errors: errors.map((error) => ({ ...error, __typename: `${mutation}Error` })),
    __typename: `${mutation}Payload`,
  };
}

/** The latest code that was sent to the address by an earlier run of this test. */
async function latestCode(to) {
  const response = await fetch(address('/dev/mailbox'), { headers: { accept: 'application/json' } });
  const mails = (await response.json()).filter((mail) => mail.to === to);
  return mails.flatMap(({ text }) => /^\d{6}$/m.exec(text) ?? [])[0];
}
