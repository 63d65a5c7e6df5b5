// Starts programs that run until they are stopped.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts a program with the options of `spawn`. `read` calls `find` with each further line of the piped output, until
 * it returns something. `stop` waits for the program to exit.
 */
export function startCommand(file, args, { stdio = ['ignore', 'pipe', 'inherit'], ...options }) {
  const child = spawn(file, args, { ...options, stdio });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout ?? child.stderr)[Symbol.asyncIterator]();
  const read = async (find) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} ended with status ${(await ended)[0]}; its output is above.`);
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
