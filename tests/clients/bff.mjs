// Starts examples/bff with the command that its README names.

import { fileURLToPath } from 'node:url';
import { startCommand } from './start-command.mjs';

export const START = fileURLToPath(new URL('../../examples/bff/start', import.meta.url));

/** Resolves to its address when it is ready. `upstream` is the address of UserProfile. */
export async function startBff(upstream) {
  const env = { ...process.env, USERPROFILE_URL: upstream };
  const { read, stop } = startCommand(START, ['--port', '0'], { env });
  return { url: await read((line) => /http:\S+/.exec(line)?.[0]), stop };
}
