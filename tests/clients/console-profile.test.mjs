// The overview and the profile page of the account console in a browser. No other test uses Priya, Tomáš, or Lena.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { launch, picture } from './browser.mjs';
import { at, openConsoleAs, press, section } from './console.mjs';
import { mailedCode, mailTo } from './mailbox.mjs';

const PRIYA = 'priya@bluebell.example';
const TOMAS = 'tomas@bluebell.example';
const LENA = 'lena@bluebell.example';
const WONNY = 'wonny@bluebell.example';

describe('The profile page', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  test('only the name that was changed is sent, and it is shown before the server has answered', async () => {
    const { page, problems } = await openConsoleAs(browser, TOMAS, '/account/profile');
    const name = `Tomáš ${randomUUID().slice(0, 8)}`;
    const details = section(page, 'Personal details');
    const answer = await holdBack(page, 'UpdateProfile');
    await details.getByLabel('Name').fill(` ${name} `);
    await press(details, 'Save changes');
    const input = await answer.input;
    await page.getByText(name, { exact: true }).waitFor();
    answer.release();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    assert.deepEqual(input, { name });
    assert.equal(await details.getByLabel('Name').inputValue(), name);
    assert.ok(await details.getByRole('button', { name: 'Cancel' }).isHidden());
    assert.deepEqual(problems, []);
  });

  test('a name that is too long is refused at its field, and the old one is shown again', async () => {
    const { page, problems } = await openConsoleAs(browser, TOMAS, '/account/profile');
    const details = section(page, 'Personal details');
    const name = details.getByLabel('Name');
    const before = await name.inputValue();
    await name.fill('x'.repeat(129));
    await press(details, 'Save changes');
    const refused = details.getByRole('textbox', { name: 'Name', description: 'This value is too long.' });
    await refused.waitFor();
    await page.waitForFunction((field) => document.activeElement === field, await refused.elementHandle());
    await page.getByText(before, { exact: true }).waitFor();
    await press(details, 'Cancel');
    assert.equal(await name.inputValue(), before);
    assert.deepEqual(problems, []);
  });

  test('two tabs: a field follows what the other tab saves, unless it was edited', async () => {
    const { page: first, problems } = await openConsoleAs(browser, TOMAS, '/account/profile');
    const second = await first.context().newPage();
    await second.goto(at('/account/profile'));
    const name = `Tomáš ${randomUUID().slice(0, 8)}`;
    const mine = section(first, 'Personal details');
    const theirs = section(second, 'Personal details');
    await chooseAnother(mine, 'Time zone', ['Europe/Lisbon', 'Europe/Oslo']);
    const edited = await mine.getByRole('combobox', { name: 'Time zone' }).inputValue();
    await theirs.getByLabel('Name').fill(name);
    await press(theirs, 'Save changes');
    await first.waitForFunction(([field, name]) => field.value === name, [await mine.getByLabel('Name').elementHandle(), name]);
    assert.equal(await mine.getByRole('combobox', { name: 'Time zone' }).inputValue(), edited);
    const sent = first.waitForRequest(isOperation('UpdateProfile'));
    await press(mine, 'Save changes');
    assert.deepEqual(Object.keys((await sent).postDataJSON().variables.input), ['timezone']);
    const followed = await theirs.getByRole('combobox', { name: 'Time zone' }).elementHandle();
    await second.waitForFunction(([field, zone]) => field.value === zone, [followed, edited]);
    assert.equal(await theirs.getByLabel('Name').inputValue(), name);
    assert.deepEqual(problems, []);
  });

  test('after the language is changed, the console is in that language', async () => {
    const { page, problems } = await openConsoleAs(browser, TOMAS, '/account/profile');
    const details = section(page, 'Personal details');
    await choose(details, 'Language', '한국어', 'Korean (한국어)');
    await press(details, 'Save changes');
    await page.getByRole('heading', { level: 1, name: '프로필' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
    const korean = section(page, '개인 정보');
    assert.equal(await korean.getByRole('combobox', { name: '언어' }).inputValue(), '한국어');
    await picture(page, 'console-profile-korean');
    await choose(korean, '언어', 'deutsch', '독일어 (Deutsch)');
    await press(korean, '변경 사항 저장');
    await page.getByRole('heading', { level: 1, name: 'Profile' }).waitFor();
    assert.equal(await details.getByRole('combobox', { name: 'Language' }).inputValue(), 'German (Deutsch)');
    assert.deepEqual(problems, []);
  });

  test('the email address is changed with a code; the old one receives a link that undoes it', async () => {
    const { page, problems } = await openConsoleAs(browser, PRIYA, '/account/profile');
    const email = section(page, 'Email address');
    const change = email.getByRole('button', { name: 'Change address' });
    const before = await email.getByRole('listitem').first().getByText('@').innerText();
    const after = `priya-${randomUUID()}@bluebell.example`;

    await change.click();
    await email.getByLabel('New email address').fill('nowhere');
    await press(email, 'Send the code');
    await email.getByRole('textbox', { name: 'New email address', description: /not valid/ }).waitFor();
    await email.getByLabel('New email address').fill(after);
    await press(email, 'Send the code');
    await email.getByText(`We sent a code to ${after}`).waitFor();
    await email.getByText(/stays your address/).waitFor();
    await refuseMoreCodes(page, 42);
    await press(email, 'Send a new code');
    await email.getByText('Too many attempts. Try again in 42 seconds.').waitFor();
    await picture(page, 'console-email-code');

    const code = await mailedCode(after);
    await email.getByLabel('Code').fill(otherThan(code));
    await press(email, 'Confirm');
    await email.getByText(/Attempts left: 4/).waitFor();
    await email.getByLabel('Code').fill(code);
    await press(email, 'Confirm');
    const current = email.getByRole('listitem').filter({ hasText: after });
    await current.getByText('Verified', { exact: true }).waitFor();
    assert.equal(await email.getByRole('listitem').count(), 1);
    await page.waitForFunction((button) => document.activeElement === button, await change.elementHandle());
    await mailTo(addressIn(before), /undo-email-change#token=/);
    assert.deepEqual(problems, []);
  });

  test('a pending address survives a reload, and can be given up', async () => {
    const { page, problems } = await openConsoleAs(browser, TOMAS, '/account/profile');
    const email = section(page, 'Email address');
    const wanted = `tomas-${randomUUID()}@bluebell.example`;
    await press(email, 'Change address');
    await email.getByLabel('New email address').fill(wanted);
    await press(email, 'Send the code');
    await email.getByLabel('Code').waitFor();
    await page.reload();
    const pending = email.getByRole('listitem').filter({ hasText: wanted });
    await press(pending, 'Enter the code');
    await email.getByText(`Enter the code that we sent to ${wanted}.`).waitFor();
    await press(pending, 'Cancel the change');
    await pending.waitFor({ state: 'detached' });
    assert.ok(await email.getByLabel('Code').isHidden());
    assert.deepEqual(problems, []);
  });

  test('an address that is not verified can be verified', async () => {
    const { page, problems } = await openConsoleAs(browser, LENA, '/account/profile');
    const email = section(page, 'Email address');
    await email.getByText('Not verified', { exact: true }).waitFor();
    await press(email, 'Verify');
    await email.getByLabel('Code').fill('no code');
    await press(email, 'Confirm');
    await email.getByText('This value is not valid.').waitFor();
    await mailedCode('office@bluebell.example');
    await press(email, 'Cancel');
    await email.getByLabel('Code').waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
  });

  test('what cannot be changed here is listed, with tags', async () => {
    const { page, problems } = await openConsoleAs(browser, WONNY, '/account/profile');
    const facts = section(page, '계정');
    await facts.getByText(WONNY).waitFor();
    await facts.getByText('team: platform').waitFor();
    await facts.getByText('Bluebell Robotics').waitFor();
    assert.deepEqual(problems, []);
  });
});

describe('The overview', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  test('greets the user, and leads to the pages', async () => {
    const { page, problems } = await openConsoleAs(browser, WONNY);
    await page.getByRole('heading', { level: 1, name: /^Wonny Kim님/ }).waitFor();
    const access = section(page, '워크스페이스와 그룹');
    await access.getByRole('link', { name: '2 그룹' }).waitFor();
    await section(page, '최근 활동').getByText('로그인').first().waitFor();
    await picture(page, 'console-overview');
    await access.getByRole('link', { name: '8 워크스페이스' }).click();
    await page.getByRole('heading', { level: 1, name: '워크스페이스' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('says what is missing and what is weak', async () => {
    const { page, problems } = await openConsoleAs(browser, LENA);
    const profile = section(page, 'Profile');
    await profile.getByText('Not verified', { exact: true }).waitFor();
    await profile.getByText(/not complete/).waitFor();
    await section(page, 'Security').getByText(/Only a password protects/).waitFor();
    await profile.getByRole('link', { name: 'Edit your profile' }).click();
    await page.getByRole('heading', { level: 1, name: 'Profile' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('warns of few recovery codes', async () => {
    const visitor = await openWith({ mfa: { __typename: 'Mfa', state: 'ENABLED', recoveryCodesLeft: 2 } });
    const security = section(visitor.page, 'Security');
    await security.getByText('On', { exact: true }).waitFor();
    await security.getByText('Low', { exact: true }).waitFor();
    await security.getByText(/Generate new recovery codes/).waitFor();
    assert.deepEqual(visitor.problems, []);
  });

  test('tells users who sign in elsewhere where their sign-in is managed', async () => {
    const visitor = await openWith({ authType: 'EXTERNAL' });
    const security = section(visitor.page, 'Security');
    await security.getByText(/Another system signs you in/).waitFor();
    assert.equal(await security.getByRole('term').count(), 0);
    assert.deepEqual(visitor.problems, []);
  });

  /** Lena's overview, with these fields of the user replaced in the response. */
  async function openWith(fields) {
    const visitor = await openConsoleAs(browser, LENA);
    await replaceResponse(visitor.page, 'Overview', ({ data }) => Object.assign(data.me, fields));
    await visitor.page.reload();
    return visitor;
  }
});

/** Keeps an operation back until `release` is called. `input` is what is sent. */
async function holdBack(page, name) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const input = page.waitForRequest(isOperation(name)).then((request) => request.postDataJSON().variables.input);
  await page.route('**/graphql', async (route) => {
    if (isOperation(name)(route.request())) await released;
    await route.fallback();
  });
  return { input, release };
}

/** Answers requests for a further code as the server does when there were too many. */
async function refuseMoreCodes(page, retryAfter) {
  const errors = [{ __typename: 'VerifyEmailError', message: 'Too many emails.', code: 'RATE_LIMITED', field: null, retryAfter }];
  const json = { data: { verifyEmail: { __typename: 'VerifyEmailPayload', sentTo: null, expiresAt: null, errors } } };
  await page.route('**/graphql', (route) => (isOperation('VerifyEmail')(route.request()) ? route.fulfill({ json }) : route.fallback()));
}

/** Has `change` change the responses to an operation. */
async function replaceResponse(page, name, change) {
  await page.route('**/graphql', async (route) => {
    if (!isOperation(name)(route.request())) return route.fallback();
    const response = await route.fetch();
    const json = await response.json();
    change(json);
    return route.fulfill({ response, json });
  });
}

function isOperation(name) {
  return (request) => request.method() === 'POST' && new RegExp(`(query|mutation) ${name}\\b`).test(request.postData() ?? '');
}

/** Searches in a choice, and takes the option. */
async function choose(part, label, search, option) {
  await part.getByRole('combobox', { name: label }).fill(search);
  await part.page().getByRole('option', { name: option }).click();
}

/** Takes the first option that is not the current one. */
async function chooseAnother(part, label, options) {
  const current = await part.getByRole('combobox', { name: label }).inputValue();
  const other = options.find((option) => !current.startsWith(option));
  await choose(part, label, other, new RegExp(`^${other}`));
}

function addressIn(text) {
  return /\S+@\S+/.exec(text)[0];
}

/** Six digits that are not this code. */
function otherThan(code) {
  return code === '123456' ? '654321' : '123456';
}
