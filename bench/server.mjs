// Runs the release binary, or the one that USERPROFILE_BINARY names, for the benchmarks in this folder.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export const BINARY = process.env.USERPROFILE_BINARY ?? new URL('../target/release/userprofile', import.meta.url).pathname;

/** Runs a command of the binary. */
export function run(databaseUrl, ...args) {
  const done = spawnSync(BINARY, args, { env: environment(databaseUrl), stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error(`userprofile ${args.join(' ')} failed; if it is not built, run scripts/build`);
}

/** Starts a server, and waits until it is ready. */
export async function start(databaseUrl, flags = [], binary = BINARY) {
  const port = await freePort();
  const began = performance.now();
  const server = spawn(binary, ['serve', '--migrate', '--listen', `127.0.0.1:${port}`, ...flags], {
    env: environment(databaseUrl),
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (server.exitCode !== null) throw new Error('the server exited before it was ready');
    const ready = await fetch(`${url}/readyz`).catch(() => undefined);
    if (ready?.ok) break;
    await pause(0.2);
  }
  return { url, milliseconds: performance.now() - began, residentMegabytes: () => memory(server.pid, 'VmRSS'), maxMegabytes: () => memory(server.pid, 'VmHWM'), stop: () => stop(server) };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Sends a request, and returns its data; throws if there are errors. */
export async function ask(url, query, variables, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export async function signIn(url, domainId, userId, password) {
  const query = `mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { message } } }`;
  const { signIn } = await ask(url, query, { input: { domainId, userId, password } });
  if (!signIn.session) throw new Error(JSON.stringify(signIn.errors));
  return signIn.session.accessToken;
}

function environment(databaseUrl) {
  const key = { USERPROFILE_SECRET_KEY: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' };
  return { PATH: process.env.PATH, DATABASE_URL: databaseUrl, RUST_LOG: 'error', ...key };
}

function memory(pid, line) {
  return (Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024) / 1e6;
}

function stop(server) {
  return new Promise((resolve) => server.once('exit', resolve) && server.kill('SIGTERM'));
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
