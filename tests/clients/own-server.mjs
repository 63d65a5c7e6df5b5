// Starts further servers, with settings that the server under test does not have.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startCommand } from './start-command.mjs';

const BUILT = fileURLToPath(new URL('../../target/debug/userprofile', import.meta.url));
const BINARY = process.env.USERPROFILE_BINARY ?? BUILT;

/**
 * Starts a demo server with a database in the folder. `settings` are environment variables. Returns `url` and `stop`.
 */
export async function startServer(folder, settings) {
  const { read, stop } = start(folder, ['--demo'], { env: { RUST_LOG: 'error', ...settings } });
  return { url: await read((line) => /http:\S+/.exec(line)?.[0]), stop };
}

/** Starts a server that is not a demo. `logged` reads its log up to the first line that matches. */
export async function startPlainServer(folder, settings) {
  const env = { RUST_LOG: 'info', ...settings };
  const { read, stop } = start(folder, [], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const logged = (matches) => read((line) => [JSON.parse(line)].find(matches));
  const { address } = await logged(({ message }) => message === 'listening');
  return { url: `http://${address}`, stop, logged };
}

/** Imports a file into the database in the folder, or into that of the `settings`. */
export function importInto(folder, file, settings = {}) {
  const env = { DATABASE_URL: database(folder), RUST_LOG: 'error', ...settings };
  execFileSync(BINARY, ['migrate'], { env });
  execFileSync(BINARY, ['import', file], { env });
}

function start(folder, flags, options) {
  const args = ['serve', ...flags, '--listen', '127.0.0.1:0'];
  const env = { DATABASE_URL: database(folder), ...options.env };
  return startCommand(BINARY, args, { ...options, env });
}

const database = (folder) => `sqlite:${folder}/userprofile.db`;
