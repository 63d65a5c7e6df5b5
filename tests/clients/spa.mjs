// The single-page application of examples/spa: served in both ways that its README names, and opened under watch.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { address, required } from './environment.mjs';
import { watch } from './watch.mjs';

const FOLDER = fileURLToPath(new URL('../../examples/spa/', import.meta.url));
const PATIENCE_MS = 30_000;

/** Started by its one command, which installs what it needs. */
export function startSpa() {
  return serve('./start', ['--port', '0']);
}

/** Built, and served as a web server would serve it, with a content security policy. */
export async function previewSpa() {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: FOLDER });
  return serve('node_modules/.bin/vite', ['preview', '--port', '0']);
}

async function serve(command, args) {
  const child = spawn(command, args, {
    cwd: FOLDER,
    env: { ...process.env, USERPROFILE_URL: required('USERPROFILE_URL'), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (url) return { url, stop: () => stop(child) };
  }
  throw new Error(`${command} ended before it served anything; what it said stands above`);
}

async function stop(child) {
  child.kill();
  await once(child, 'exit');
}

/** A fresh visitor. `faults` grows with whatever the page does wrong, `sent` with the names of what it asks. */
export async function visitSpa(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, locale: 'en-GB', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const { faults } = await watch(context, new URL(url).host);
  const sent = noteSent(context, faults);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('Password').waitFor();
  return { page, faults, sent };
}

/** What the page asks of the API, each time with the header that keeps tokens from it. */
function noteSent(context, faults) {
  const sent = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/graphql') return;
    sent.push(operationName(request));
    if (request.headers()['x-userprofile-session'] !== 'cookie') faults.push(`without the header: ${sent.at(-1)}`);
  });
  return sent;
}

function operationName(request) {
  return /(?:query|mutation) (\w+)/.exec(request.postDataJSON().query)[1];
}

export async function fillIn(page, userId, password = required('USERPROFILE_PASSWORD')) {
  await page.getByLabel('Domain id').fill(required('USERPROFILE_DOMAIN'));
  await page.getByLabel('User id').fill(userId);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Sign in');
}

export async function press(part, name) {
  await part.getByRole('button', { name, exact: true }).click();
}

export async function enter(part, code) {
  await part.getByLabel('Code', { exact: true }).fill(code);
  await press(part, 'Confirm');
}

/** The part of the page under that heading. */
export function section(page, title) {
  return page.getByRole('region', { name: title });
}

/** Waits until that operation is answered without an error. */
export function answered(page, name) {
  return page.waitForResponse(async (response) => {
    const request = response.request();
    return request.method() === 'POST' && operationName(request) === name && !(await response.json()).errors;
  });
}

/** Has the next changes of the profile meet a server for which the sign-in was too long ago. */
export async function refuse(page, times) {
  const error = { message: 'You signed in too long ago for this.', code: 'REAUTHENTICATION_REQUIRED', field: null };
  const refusal = { data: { updateProfile: { user: null, errors: [error] } } };
  await page.route('**/graphql', (route) => {
    if (times === 0 || operationName(route.request()) !== 'UpdateProfile') return route.fallback();
    times -= 1;
    return route.fulfill({ json: refusal });
  });
}

/** Has the next answer to that operation come only when `moment` has. */
export async function holdBack(page, name, moment) {
  let isHeld = false;
  await page.route('**/graphql', async (route) => {
    if (isHeld || operationName(route.request()) !== name) return route.fallback();
    isHeld = true;
    const response = await route.fetch();
    await moment;
    return route.fulfill({ response });
  });
}

/** The code in the latest mail to that address that has one, once there is one other than `used`. */
export async function mailedCode(to, used) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const response = await fetch(address('/dev/mailbox'), { headers: { accept: 'application/json' } });
    const mails = (await response.json()).filter((mail) => mail.to === to);
    const [code] = mails.flatMap(({ text }) => /^\d{6}$/m.exec(text) ?? []);
    if (code && code !== used) return code;
    assert.ok(Date.now() < deadline, `no mail with a code to ${to}`);
  }
}

/** For looking at: set USERPROFILE_PICTURES to a folder. */
export async function picture(page, name) {
  const folder = process.env.USERPROFILE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/spa-${name}.png`, fullPage: true, animations: 'disabled' });
}
