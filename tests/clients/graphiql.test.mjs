// GraphiQL and its sign-in box, met in a real browser as a newcomer meets them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answerLine, editorIsThere, fillIn, launch, openGraphiql, picture as look, run, signIn } from './browser.mjs';
import { address } from './environment.mjs';

describe('GraphiQL', () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  test('opens with the ready-made queries, the first one in front', async () => {
    const { page, faults } = await openGraphiql(browser);
    const tabs = page.getByRole('tab');
    assert.deepEqual(await tabs.allInnerTexts(), ['Me', 'WorkspacesPageByPage', 'Sessions', 'OneThingById']);
    assert.equal(await tabs.first().getAttribute('aria-selected'), 'true');
    assert.deepEqual(faults, []);
  });

  test('says so when the password is wrong', async () => {
    const { page, faults } = await openGraphiql(browser);
    await fillIn(page, { password: 'certainly not the password' });
    const message = page.getByRole('status').and(page.locator('[data-tone="error"]'));
    await message.waitFor();
    assert.notEqual((await message.innerText()).trim(), '');
    assert.ok(await page.getByLabel('Password').isVisible());
    assert.deepEqual(faults, []);
  });

  test('signs in, runs the first query, and shows the names', async () => {
    const { page, faults } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();

    const { data, errors } = await run(page);
    assert.equal(errors, undefined);
    const names = namesIn(data);
    await answerLine(page, names.person).waitFor();
    await answerLine(page, names.firstWorkspace).waitFor();
    await picture(page);

    await page.getByRole('region', { name: 'Result Window' }).locator('.view-lines').click();
    await page.keyboard.press('Control+End');
    await answerLine(page, names.lastUser).waitFor();
    assert.deepEqual(faults, []);
  });

  test('stays signed in over a reload, even when the access token has run out', async () => {
    const { page, faults } = await openGraphiql(browser);
    await signIn(page);
    await loseAccessToken(page);
    await page.reload();
    await page.getByText('Signed in as').waitFor();
    await editorIsThere(page);
    await authorizationLine(page).waitFor();
    const { errors } = await run(page);
    assert.equal(errors, undefined);
    assert.deepEqual(faults, []);
  });

  test('renews the access token when a query is refused for it, and sends that once more', async () => {
    const { page, faults } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();
    await refuseOnce(page);
    await page.getByRole('button', { name: 'Execute query' }).click();
    await answerLine(page, '"workspaces"').waitFor();
    assert.ok(await page.getByText('Signed in as').isVisible());
    assert.deepEqual(faults, []);
  });

  test('signs out, and takes the token out of the headers', async () => {
    const { page, faults } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    await authorizationLine(page).waitFor({ state: 'detached' });
    const { errors } = await run(page);
    assert.equal(errors?.[0]?.extensions?.code, 'UNAUTHENTICATED');
    assert.deepEqual(faults, []);
  });

  test('asks for a code where signing in takes a second step', async () => {
    const { page, faults } = await openGraphiql(browser);
    const sent = await challenge(page);
    await fillIn(page);
    await page.getByText('We sent a code to w…@example.com').waitFor();
    await page.getByLabel('Code').fill('123456');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Signed in as Wonny').waitFor();
    assert.deepEqual(sent, [{ challengeToken: 'the challenge', verifyCode: '123456' }]);
    assert.deepEqual(faults, []);
  });

  test('offers the sample users, and leads to the mailbox at every step', async () => {
    const { page, faults } = await openGraphiql(browser);
    const mailbox = page.getByRole('link', { name: 'Mailbox' });
    await mailbox.waitFor();
    assert.equal(await mailbox.evaluate(({ href }) => href), address('/dev/mailbox'));
    const users = page.getByLabel('Sample user');
    assert.ok((await users.locator('option').count()) >= 6);
    await users.selectOption({ label: 'mei@bluebell.example uses MFA: the code is in the mailbox' });
    assert.equal(await page.getByLabel('Domain id').inputValue(), 'domain-bluebell');
    assert.equal(await page.getByLabel('User id').inputValue(), 'mei@bluebell.example');
    // A played server, since other tests have mei's codes sent, and there is one a minute.
    await challenge(page);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('We sent a code to').waitFor();
    assert.ok(await mailbox.isVisible());
    await look(page, 'graphiql-code');
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.unroute('**/graphql');

    await users.selectOption({ label: 'grace@bluebell.example an admin' });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Signed in as Grace Okafor').waitFor();
    assert.ok(await mailbox.isVisible());
    assert.deepEqual(faults, []);
  });

  test('shows the variables of OneThingById, with an id that works', async () => {
    const { page, faults } = await openGraphiql(browser);
    await signIn(page);
    await page.getByRole('tab', { name: 'OneThingById' }).click();
    const variables = page.getByRole('region', { name: 'Variables' });
    await variables.locator('.view-line', { hasText: /"workspace-(?!0{12})/ }).waitFor();
    assert.ok(await variables.isVisible());
    await isTaken(page, 'query OneThingById');
    const answered = page.waitForResponse((response) => response.request().postData()?.includes('OneThingById') ?? false);
    await page.getByRole('button', { name: 'Execute query' }).click();
    const { data, errors } = await (await answered).json();
    assert.deepEqual([errors, data.node.__typename], [undefined, 'Workspace']);
    await look(page, 'graphiql-variables');
    assert.deepEqual(faults, []);
  });

  test('fits a screen 400 pixels wide', async () => {
    const { page, faults } = await openGraphiql(browser, { viewport: { width: 400, height: 800 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    await signIn(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    assert.deepEqual(faults, []);
  });
});

function authorizationLine(page) {
  return page.getByRole('region', { name: 'Headers' }).locator('.view-line', { hasText: 'Bearer upa_' });
}

/** Waits until GraphiQL runs what its editor shows: after another tab was chosen, it takes a moment. */
async function isTaken(page, query) {
  await page.waitForFunction((query) => sessionStorage.getItem('graphiql:query')?.includes(query), query);
}

function namesIn({ me }) {
  const users = me.workspaceGroups.nodes.flatMap((group) => group.users).filter((user) => user.userName !== null);
  const names = { person: me.name, firstWorkspace: me.workspaces.nodes[0]?.name, lastUser: users.at(-1)?.userName };
  for (const [which, name] of Object.entries(names)) assert.ok(name, `the answer has no name for ${which}`);
  return names;
}

/** For the README: what one sees after the first query. */
async function picture(page) {
  const path = process.env.USERPROFILE_SCREENSHOT;
  if (!path) return;
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  await page.screenshot({ path, animations: 'disabled' });
}

async function loseAccessToken(page) {
  await page.evaluate(() => {
    const key = 'userprofile.session';
    const tokens = JSON.parse(sessionStorage.getItem(key));
    sessionStorage.setItem(key, JSON.stringify({ ...tokens, accessToken: 'upa_run-out' }));
  });
}

/** Has the next run of the first query meet a server that takes its token for run out. */
async function refuseOnce(page) {
  const isRun = (request) => request.postData()?.includes('query Me') ?? false;
  let refused = false;
  await page.route('**/graphql', (route) => {
    if (refused || !isRun(route.request())) return route.continue();
    refused = true;
    const errors = [{ message: 'Sign in first.', extensions: { code: 'UNAUTHENTICATED' } }];
    return route.fulfill({ json: { data: { me: null }, errors } });
  });
}

/** Plays a server that asks this user for a second step; gives the codes that were sent to it. */
async function challenge(page) {
  const sent = [];
  const far = '2100-01-01T00:00:00Z';
  const session = { accessToken: 'upa_made-up', refreshToken: 'upr_made-up', expiresAt: far };
  const mfaChallenge = { token: 'the challenge', mfaType: 'EMAIL', sentTo: 'w…@example.com', expiresAt: far };
  await page.route('**/graphql', (route) => {
    const { query, variables } = route.request().postDataJSON();
    if (query.includes('confirmSignIn')) {
      sent.push(variables.input);
      return route.fulfill({ json: { data: { confirmSignIn: { session, errors: [] } } } });
    }
    if (query.includes('signIn')) {
      return route.fulfill({ json: { data: { signIn: { session: null, mfaChallenge, errors: [] } } } });
    }
    const me = { id: 'user-1', name: 'Wonny', userId: 'wonny@example.com', workspaces: { nodes: [] } };
    return route.fulfill({ json: { data: { me } } });
  });
  return sent;
}
