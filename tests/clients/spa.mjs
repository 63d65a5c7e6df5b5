// The single-page application of examples/spa: served in both ways that its README names, and opened under watch.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPage } from './browser.mjs';
import { required } from './environment.mjs';
import { startCommand } from './start-command.mjs';

const FOLDER = fileURLToPath(new URL('../../examples/spa/', import.meta.url));

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
  const env = { ...process.env, USERPROFILE_URL: required('USERPROFILE_URL'), NO_COLOR: '1' };
  const { read, stop } = startCommand(command, args, { cwd: FOLDER, env });
  return { url: await read((line) => /http:\/\/localhost:\d+/.exec(line)?.[0]), stop };
}

/** A fresh visitor. `sent` grows with the names of what the page asks. */
export async function visitSpa(browser, url, options = {}) {
  const viewport = { width: 1100, height: 800 };
  const { page, faults } = await openPage(browser, url, { viewport, locale: 'en-GB', ...options });
  const sent = noteSent(page.context(), faults);
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

/** Keeps the next answer to that operation from the page: `come` waits for it, and `letGo` hands it over. */
export async function holdBack(page, name) {
  let isHeld = false;
  let hasCome, letGo;
  const come = new Promise((resolve) => (hasCome = resolve));
  const released = new Promise((resolve) => (letGo = resolve));
  await page.route('**/graphql', async (route) => {
    if (isHeld || operationName(route.request()) !== name) return route.fallback();
    isHeld = true;
    const response = await route.fetch();
    hasCome();
    await released;
    return route.fulfill({ response });
  });
  return { come, letGo };
}
