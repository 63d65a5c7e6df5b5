// Serves the single-page application of examples/spa in both ways that its README describes, and opens it.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPage } from './browser.mjs';
import { required } from './environment.mjs';
import { startCommand } from './start-command.mjs';

const FOLDER = fileURLToPath(new URL('../../examples/spa/', import.meta.url));

/** Starts it with its start command, which installs its packages. */
export function startSpa() {
  return serve('./start', ['--port', '0']);
}

/** Builds it, and serves the result with a content security policy, as a web server would. */
export async function previewSpa() {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: FOLDER });
  return serve('node_modules/.bin/vite', ['preview', '--port', '0']);
}

async function serve(command, args) {
  const env = { ...process.env, USERPROFILE_URL: required('USERPROFILE_URL'), NO_COLOR: '1' };
  const { read, stop } = startCommand(command, args, { cwd: FOLDER, env });
  return { url: await read((line) => /http:\/\/localhost:\d+/.exec(line)?.[0]), stop };
}

/** Opens the page in a new browser context. `sent` collects the names of its operations. */
export async function visitSpa(browser, url, options = {}) {
  const viewport = { width: 1100, height: 800 };
  const { page, problems } = await openPage(browser, url, { viewport, locale: 'en-GB', ...options });
  const sent = recordOperations(page.context(), problems);
  await page.goto(url);
  await page.getByLabel('Password').waitFor();
  return { page, problems, sent };
}

/** Records the operations that the page sends. Each must request a cookie session. */
function recordOperations(context, problems) {
  const sent = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/graphql') return;
    sent.push(operationName(request));
    const { 'x-userprofile-session': session } = request.headers();
    if (session !== 'cookie') problems.push(`X-UserProfile-Session is missing: ${sent.at(-1)}`);
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

/** The section of the page with that heading. */
export function section(page, title) {
  return page.getByRole('region', { name: title });
}

/** Waits for a response to the operation without errors. */
export function responseTo(page, name) {
  return page.waitForResponse(async (response) => {
    const request = response.request();
    return request.method() === 'POST' && operationName(request) === name && !(await response.json()).errors;
  });
}

/** Mocks the next changes of the profile: the server requires reauthentication. */
export async function requireReauthentication(page, times) {
  const error = { message: 'Reauthenticate first.', code: 'REAUTHENTICATION_REQUIRED', field: null };
  const refusal = { data: { updateProfile: { user: null, errors: [error] } } };
  await page.route('**/graphql', (route) => {
    if (times === 0 || operationName(route.request()) !== 'UpdateProfile') return route.fallback();
    times -= 1;
    return route.fulfill({ json: refusal });
  });
}

/** Delays the next response to the operation: `arrived` waits for it, and `release` passes it to the page. */
export async function delayResponse(page, name) {
  let isHeld = false;
  let arrive, release;
  const arrived = new Promise((resolve) => (arrive = resolve));
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/graphql', async (route) => {
    if (isHeld || operationName(route.request()) !== name) return route.fallback();
    isHeld = true;
    const response = await route.fetch();
    arrive();
    await released;
    return route.fulfill({ response });
  });
  return { arrived, release };
}
