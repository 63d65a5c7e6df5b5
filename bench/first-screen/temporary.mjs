// What the benchmark leaves behind is removed when its process exits, also after an error or Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const removals = [];
process.once('exit', () => removals.reverse().forEach((remove) => remove()));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Calls a synchronous function when the process exits; the last one given is called first. */
export function atExit(remove) {
  removals.push(remove);
}

/** A new folder that is removed at exit. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
