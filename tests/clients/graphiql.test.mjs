// GraphiQL and its sign-in box in a browser.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resultLine, editorIsThere, fillIn, launch, openGraphiql, picture as look, run, signIn } from './browser.mjs';
import { address } from './environment.mjs';

describe('GraphiQL', () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  test('opens with the example queries in tabs, and the first tab active', async () => {
    const { page, problems } = await openGraphiql(browser);
    const tabs = page.getByRole('tab');
    assert.deepEqual(await tabs.allInnerTexts(), ['Me', 'WorkspacesPageByPage', 'Sessions', 'NodeById']);
    assert.equal(await tabs.first().getAttribute('aria-selected'), 'true');
    assert.deepEqual(problems, []);
  });

  test('a wrong password shows an error', async () => {
    const { page, problems } = await openGraphiql(browser);
    await fillIn(page, { password: 'certainly not the password' });
    const message = page.getByRole('status').and(page.locator('[data-tone="error"]'));
    await message.waitFor();
    assert.notEqual((await message.innerText()).trim(), '');
    assert.ok(await page.getByLabel('Password').isVisible());
    assert.deepEqual(problems, []);
  });

  test('after sign-in, the first query returns names', async () => {
    const { page, problems } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();

    const { data, errors } = await run(page);
    assert.equal(errors, undefined);
    const names = namesIn(data);
    await resultLine(page, names.person).waitFor();
    await resultLine(page, names.firstWorkspace).waitFor();
    await picture(page);

    await page.getByRole('region', { name: 'Result Window' }).locator('.view-lines').click();
    await page.keyboard.press('Control+End');
    await resultLine(page, names.lastUser).waitFor();
    assert.deepEqual(problems, []);
  });

  test('the session survives a reload, even with an expired access token', async () => {
    const { page, problems } = await openGraphiql(browser);
    await signIn(page);
    await loseAccessToken(page);
    await page.reload();
    await page.getByText('Signed in as').waitFor();
    await editorIsThere(page);
    await authorizationLine(page).waitFor();
    const { errors } = await run(page);
    assert.equal(errors, undefined);
    assert.deepEqual(problems, []);
  });

  test('a query with an expired access token is repeated with a new one', async () => {
    const { page, problems } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();
    await refuseOnce(page);
    await page.getByRole('button', { name: 'Execute query' }).click();
    await resultLine(page, '"workspaces"').waitFor();
    assert.ok(await page.getByText('Signed in as').isVisible());
    assert.deepEqual(problems, []);
  });

  test('sign-out removes the token from the headers', async () => {
    const { page, problems } = await openGraphiql(browser);
    await signIn(page);
    await authorizationLine(page).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    await authorizationLine(page).waitFor({ state: 'detached' });
    const { errors } = await run(page);
    assert.equal(errors?.[0]?.extensions?.code, 'UNAUTHENTICATED');
    assert.deepEqual(problems, []);
  });

  test('sign-in with MFA asks for a code', async () => {
    const { page, problems } = await openGraphiql(browser);
    const sent = await challenge(page);
    await fillIn(page);
    await page.getByText('We sent a code to w…@example.com').waitFor();
    await page.getByLabel('Code').fill('123456');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Signed in as Wonny').waitFor();
    assert.deepEqual(sent, [{ challengeToken: 'the challenge', verifyCode: '123456' }]);
    assert.deepEqual(problems, []);
  });

  test('a demo offers sample users, and links to the mailbox at every step', async () => {
    const { page, problems } = await openGraphiql(browser);
    const mailbox = page.getByRole('link', { name: 'Mailbox' });
    await mailbox.waitFor();
    assert.equal(await mailbox.evaluate(({ href }) => href), address('/dev/mailbox'));
    const users = page.getByLabel('Sample user');
    assert.ok((await users.locator('option').count()) >= 6);
    await users.selectOption({ label: 'mei@bluebell.example uses MFA: the code is in the mailbox' });
    assert.equal(await page.getByLabel('Domain id').inputValue(), 'domain-bluebell');
    assert.equal(await page.getByLabel('User id').inputValue(), 'mei@bluebell.example');
    // Mocked, because other tests request codes for mei, and the limit is one per minute.
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
    assert.deepEqual(problems, []);
  });

  test('the variables of NodeById contain a valid id', async () => {
    const { page, problems } = await openGraphiql(browser);
    await signIn(page);
    await page.getByRole('tab', { name: 'NodeById' }).click();
    const variables = page.getByRole('region', { name: 'Variables' });
    await variables.locator('.view-line', { hasText: /"workspace-(?!0{12})/ }).waitFor();
    assert.ok(await variables.isVisible());
    await isActiveQuery(page, 'query NodeById');
    const isQuery = (response) => response.request().postData()?.includes('NodeById') ?? false;
    const response = page.waitForResponse(isQuery);
    await page.getByRole('button', { name: 'Execute query' }).click();
    const { data, errors } = await (await response).json();
    assert.deepEqual([errors, data.node.__typename], [undefined, 'Workspace']);
    await look(page, 'graphiql-variables');
    assert.deepEqual(problems, []);
  });

  test('the page fits a width of 400 pixels', async () => {
    const { page, problems } = await openGraphiql(browser, { viewport: { width: 400, height: 800 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    await signIn(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    assert.deepEqual(problems, []);
  });
});

function authorizationLine(page) {
  return page.getByRole('region', { name: 'Headers' }).locator('.view-line', { hasText: 'Bearer upa_' });
}

/** Waits until GraphiQL has switched to the query of the selected tab. */
async function isActiveQuery(page, query) {
  await page.waitForFunction((query) => sessionStorage.getItem('graphiql:query')?.includes(query), query);
}

function namesIn({ me }) {
  const users = me.workspaceGroups.nodes.flatMap((group) => group.users).filter((user) => user.userName !== null);
  const names = { person: me.name, firstWorkspace: me.workspaces.nodes[0]?.name, lastUser: users.at(-1)?.userName };
  for (const [which, name] of Object.entries(names)) assert.ok(name, `the response has no name for ${which}`);
  return names;
}

/** Takes the screenshot of the README: the page after the first query. */
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
    sessionStorage.setItem(key, JSON.stringify({ ...tokens, accessToken: 'upa_expired' }));
  });
}

/** Mocks the next response to the first query: its token has expired. */
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

/** Mocks sign-in with a challenge. Returns the codes that are submitted. */
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
