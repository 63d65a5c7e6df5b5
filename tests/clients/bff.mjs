// The example of examples/bff, started as its README says.

import { fileURLToPath } from 'node:url';
import { startCommand } from './start-command.mjs';

export const START = fileURLToPath(new URL('../../examples/bff/start', import.meta.url));

/** Its address, once it answers; it asks that server. */
export async function startBff(upstream) {
  const env = { ...process.env, USERPROFILE_URL: upstream };
  const { read, stop } = startCommand(START, ['--port', '0'], { env });
  return { url: await read((line) => /^http:\S+/.exec(line)?.[0]), stop };
}
