// The servers that are compared. Each has the port, path, and document for the load generator, `ask`, and `stop`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { QUERIES, forPostGraphile } from './queries.mjs';
import { atExit } from './temporary.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;

export const BINARY = process.env.BINARY ?? here('../../target/release/userprofile');
export const LIMIT_FOLDER = process.env.LIMIT_FOLDER ?? here('limit/target/release');

/** Runs a command of the product. */
export function command(databaseUrl, binary, ...args) {
  const done = spawnSync(binary, args, { env: productEnvironment(databaseUrl), stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`userprofile ${args.join(' ')} failed`);
}

/** Starts the product, under another program such as valgrind if `wrapper` names one. */
export async function startProduct(databaseUrl, { binary = BINARY, flags = [], wrapper = [] } = {}) {
  const port = await freePort();
  const words = [...wrapper, binary, 'serve', '--listen', `127.0.0.1:${port}`, ...flags];
  const child = spawnChild(words, productEnvironment(databaseUrl), 'ignore');
  while (!(await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the server exited before it was ready');
    await pause(20);
  }
  return handle(child, port);
}

/** Starts the hand-written endpoint, with a path for each query. */
export function startLimit(databaseUrl) {
  return startPrinting([`${LIMIT_FOLDER}/limit`, databaseUrl], {}, { path: (query) => `/${query}` });
}

/** Starts one of the servers of the folder peers, with the Node.js that is installed there. */
export function startPeer(databaseUrl, name) {
  const node = here('peers/node_modules/.bin/node');
  const environment = { NODE_ENV: 'production', GRAPHILE_ENV: 'production' };
  const options = name === 'postgraphile' ? { document: (query) => forPostGraphile(QUERIES[query]) } : {};
  return startPrinting([node, here(`peers/${name}.mjs`), databaseUrl], environment, options);
}

/** Starts a server that prints its port. */
async function startPrinting(words, environment, options) {
  const child = spawnChild(words, { PATH: process.env.PATH, ...environment }, 'pipe');
  const lines = createInterface({ input: child.stdout });
  const port = await Promise.race([
    once(lines, 'line').then(([line]) => Number(line)),
    once(child, 'exit').then(() => Promise.reject(new Error(`${words[0]} exited before it was ready`))),
  ]);
  return handle(child, port, options);
}

function spawnChild([program, ...args], env, stdout) {
  const child = spawn(program, args, { env, stdio: ['ignore', stdout, 'inherit'] });
  atExit(() => child.kill('SIGKILL'));
  return child;
}

function handle(child, port, { path = () => '/graphql', document = (query) => QUERIES[query] } = {}) {
  const post = async (path, body, token) => {
    const authorization = token && { authorization: `Bearer ${token}` };
    const headers = { 'content-type': 'application/json', accept: 'application/json', ...authorization };
    const address = `http://127.0.0.1:${port}${path}`;
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    pid: child.pid,
    port,
    path,
    document,
    // The response to a named query of queries.mjs, and to any document.
    ask: (query, token) => post(path(query), { query: document(query) }, token),
    send: (query, variables, token) => post('/graphql', { query, variables }, token),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([exited, pause(5000, undefined, { ref: false })]);
      child.kill('SIGKILL');
    },
  };
}

function productEnvironment(databaseUrl) {
  const key = { USERPROFILE_SECRET_KEY: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' };
  return { PATH: process.env.PATH, DATABASE_URL: databaseUrl, RUST_LOG: 'error', ...key };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
