// A server of a test's own, with the made-up company, for settings that the one under test does not have.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../target/debug/userprofile', import.meta.url));
const BINARY = process.env.USERPROFILE_BINARY ?? BUILT;

/** Starts it on a database in that folder, with settings by their names in the environment; gives `url` and `stop`. */
export async function startServer(folder, settings) {
  const args = ['serve', '--demo', '--listen', '127.0.0.1:0', '--database-url', `sqlite:${folder}/userprofile.db`];
  const server = spawn(BINARY, args, { env: { RUST_LOG: 'error', ...settings }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const url = await Promise.race([addressIn(server.stdout), ended.then(([code]) => refuse(code))]);
  const stop = () => {
    server.kill();
    return ended;
  };
  return { url, stop };
}

// The first line that it prints names it; what it prints later is let go.
async function addressIn(output) {
  const [line] = await once(createInterface(output), 'line');
  return /http:\S+/.exec(line)[0];
}

function refuse(code) {
  throw new Error(`${BINARY} ended with status ${code}; what it said stands above.`);
}
