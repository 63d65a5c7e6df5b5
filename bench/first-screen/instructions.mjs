// How many instructions of the processor the server executes for a request on PostgreSQL, which depends neither on the
// load nor on the speed of the machine: callgrind counts them for N and for 2 N requests of one client, and the
// difference is divided by N. The instructions of PostgreSQL are not included.
//
// usage: bench/first-screen/run instructions
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, fill } from './database.mjs';
import { loader, table } from './load.mjs';
import { selected } from './queries.mjs';
import { BINARY, startProduct } from './servers.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 200);
const USERS = Number(process.env.USERS ?? 1000);
const BEFORE = process.env.BEFORE;

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const database = await createDatabase(process.env.DATABASE_URL, `instructions_${process.pid}`);
try {
  const load = loader(folder, 'users', await fill(database.url, folder, USERS));
  const binaries = { ...(BEFORE && { before: BEFORE }), product: BINARY };
  const counts = {};
  for (const [name, binary] of Object.entries(binaries)) counts[name] = await count(name, binary, load);
  const heads = ['instructions per request', ...Object.keys(counts), ...(BEFORE ? ['× before'] : [])];
  const rows = selected('first-screen').map((query) => {
    const values = Object.values(counts).map((byQuery) => byQuery[query]);
    return [query, ...values.map(Math.round), ...(BEFORE ? [(values[1] / values[0]).toFixed(3)] : [])];
  });
  console.log(table([heads, ...rows]));
} finally {
  database.drop();
  rmSync(folder, { recursive: true });
}

async function count(name, binary, load) {
  const out = join(folder, name);
  const wrapper = ['valgrind', '--quiet', '--tool=callgrind', `--callgrind-out-file=${out}`];
  const server = await startProduct(database.url, { binary, wrapper });
  let dumps = 0;
  // A dump also sets the counter to zero.
  const dump = () => {
    execFileSync('callgrind_control', ['--dump', String(server.pid)], { stdio: 'pipe' });
    return Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(`${out}.${++dumps}`, 'utf8'))[1]);
  };
  try {
    const counts = {};
    for (const query of selected('first-screen')) {
      const send = (times) => load(server, query, 1, `${times}x`);
      await send(REQUESTS);
      dump();
      await send(REQUESTS);
      const once = dump();
      await send(2 * REQUESTS);
      counts[query] = (dump() - once) / REQUESTS;
    }
    return counts;
  } finally {
    await server.stop();
  }
}
