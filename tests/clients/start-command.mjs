// Programs that run until they are stopped.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts one, with the options of `spawn`. `read` goes on in the output that is a pipe until `find` makes something of a
 * line, and gives that; `stop` waits for the end.
 */
export function startCommand(file, args, { stdio = ['ignore', 'pipe', 'inherit'], ...options }) {
  const child = spawn(file, args, { ...options, stdio });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout ?? child.stderr)[Symbol.asyncIterator]();
  const read = async (find) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} ended with status ${(await ended)[0]}; what it said stands above.`);
      const found = find(value);
      if (found) return found;
    }
  };
  const stop = () => {
    child.kill();
    return ended;
  };
  return { read, stop };
}
