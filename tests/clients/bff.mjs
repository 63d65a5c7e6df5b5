// The example of examples/bff, started as its README says.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START = fileURLToPath(new URL('../../examples/bff/start', import.meta.url));

/** Its address, once it answers; it asks that server. */
export async function startBff(upstream) {
  const child = spawn(START, ['--port', '0'], {
    env: { ...process.env, USERPROFILE_URL: upstream },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const [url] = /^http:\S+/.exec(line) ?? [];
    if (url) return { url, stop: () => stop(child) };
  }
  throw new Error(`${START} ended before it answered; what it said stands above`);
}

async function stop(child) {
  child.kill();
  await once(child, 'exit');
}
