// The time until a server on an existing SQLite file is ready, and its memory then.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, run, start } from './server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const database = `sqlite:${join(folder, 'bench.db')}`;
run(database, 'migrate');
const starts = [];
for (let number = 0; number < 20; number++) {
  const server = await start(database);
  starts.push({ milliseconds: server.milliseconds, megabytes: server.residentMegabytes() });
  await server.stop();
}
rmSync(folder, { recursive: true });
console.log(`ready after ${median(starts.map((start) => start.milliseconds)).toFixed(1)} ms (median of 20)`);
console.log(`resident memory ${median(starts.map((start) => start.megabytes)).toFixed(1)} MB (median of 20)`);
