// Servers of a test's own, for settings that the one under test does not have.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startCommand } from './start-command.mjs';

const BUILT = fileURLToPath(new URL('../../target/debug/userprofile', import.meta.url));
const BINARY = process.env.USERPROFILE_BINARY ?? BUILT;

/**
 * Starts one with the made-up company on a database in that folder, with settings by their names in the environment;
 * gives `url` and `stop`.
 */
export async function startServer(folder, settings) {
  const { read, stop } = start(folder, ['--demo'], { env: { RUST_LOG: 'error', ...settings } });
  return { url: await read((line) => /http:\S+/.exec(line)?.[0]), stop };
}

/** The same without what belongs to a demo. `logged` reads on in its log until the line that is asked for. */
export async function startPlainServer(folder, settings) {
  const env = { RUST_LOG: 'info', ...settings };
  const { read, stop } = start(folder, [], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const logged = (isMeant) => read((line) => [JSON.parse(line)].find(isMeant));
  const { address } = await logged(({ message }) => message === 'listening');
  return { url: `http://${address}`, stop, logged };
}

/** Puts what a file says into the database in that folder. */
export function importInto(folder, file) {
  const env = { DATABASE_URL: database(folder), RUST_LOG: 'error' };
  execFileSync(BINARY, ['migrate'], { env });
  execFileSync(BINARY, ['import', file], { env });
}

function start(folder, flags, options) {
  const args = ['serve', ...flags, '--listen', '127.0.0.1:0', '--database-url', database(folder)];
  return startCommand(BINARY, args, options);
}

const database = (folder) => `sqlite:${folder}/userprofile.db`;
