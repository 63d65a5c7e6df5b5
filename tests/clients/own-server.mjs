// Servers of a test's own, for settings that the one under test does not have.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../target/debug/userprofile', import.meta.url));
const BINARY = process.env.USERPROFILE_BINARY ?? BUILT;

/**
 * Starts one with the made-up company on a database in that folder, with settings by their names in the environment;
 * gives `url` and `stop`.
 */
export async function startServer(folder, settings) {
  const { server, ended, stop } = start(folder, ['--demo'], { RUST_LOG: 'error', ...settings }, ['pipe', 'inherit']);
  const url = await Promise.race([addressIn(server.stdout), ended.then(([code]) => refuse(code))]);
  return { url, stop };
}

/** The same without what belongs to a demo. `logged` reads on in its log until the line that is asked for. */
export async function startPlainServer(folder, settings) {
  const { server, ended, stop } = start(folder, [], { RUST_LOG: 'info', ...settings }, ['ignore', 'pipe']);
  const lines = createInterface(server.stderr)[Symbol.asyncIterator]();
  const logged = async (isMeant) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) refuse((await ended)[0]);
      const line = JSON.parse(value);
      if (isMeant(line)) return line;
    }
  };
  const { address } = await logged(({ message }) => message === 'listening');
  return { url: `http://${address}`, stop, logged };
}

/** Puts what a file says into the database in that folder. */
export function importInto(folder, file) {
  const env = { DATABASE_URL: database(folder), RUST_LOG: 'error' };
  execFileSync(BINARY, ['migrate'], { env });
  execFileSync(BINARY, ['import', file], { env });
}

function start(folder, flags, settings, output) {
  const args = ['serve', ...flags, '--listen', '127.0.0.1:0', '--database-url', database(folder)];
  const server = spawn(BINARY, args, { env: settings, stdio: ['ignore', ...output] });
  const ended = once(server, 'exit');
  const stop = () => {
    server.kill();
    return ended;
  };
  return { server, ended, stop };
}

const database = (folder) => `sqlite:${folder}/userprofile.db`;

// The first line that it prints names it; what it prints later is let go.
async function addressIn(output) {
  const [line] = await once(createInterface(output), 'line');
  return /http:\S+/.exec(line)[0];
}

function refuse(code) {
  throw new Error(`${BINARY} ended with status ${code}; what it said stands above.`);
}
