// How many instructions the processor executes in the server for a request on PostgreSQL, which depends neither on other
// load nor on the speed of the machine: callgrind counts them for N and for 2 N requests of one client, and the
// difference is divided by N. The instructions of PostgreSQL are not included.
//
// usage: bench/first-screen/run instructions
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase } from './database.mjs';
import { selected } from './queries.mjs';
import { table } from './report.mjs';
import { startProduct } from './servers.mjs';
import { BUILDS, USERS } from './settings.mjs';
import { temporaryFolder } from './temporary.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 200);

const counts = {};
for (const [name, binary] of Object.entries(BUILDS)) counts[name] = await count(binary);
const rows = selected('first-screen').map((query) => {
  const values = Object.values(counts).map((byQuery) => byQuery[query]);
  return [query, ...values.map(Math.round), ...(BUILDS.before ? [(values[1] / values[0]).toFixed(3)] : [])];
});
const heads = ['instructions per request', ...Object.keys(counts), ...(BUILDS.before ? ['× before'] : [])];
console.log(table([heads, ...rows]));

async function count(binary) {
  const { url, load } = await createDatabase(USERS, { binary });
  const out = join(temporaryFolder(), 'callgrind.out');
  const wrapper = ['valgrind', '--quiet', '--tool=callgrind', `--callgrind-out-file=${out}`];
  const server = await startProduct(url, { binary, wrapper });
  let dumps = 0;
  // A dump also sets the counter to zero.
  const dump = () => {
    execFileSync('callgrind_control', ['--dump', String(server.pid)], { stdio: 'pipe' });
    return Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(`${out}.${++dumps}`, 'utf8'))[1]);
  };
  const counted = {};
  for (const query of selected('first-screen')) {
    await load(server, query, 1, `${REQUESTS}x`);
    dump();
    await load(server, query, 1, `${REQUESTS}x`);
    const once = dump();
    await load(server, query, 1, `${2 * REQUESTS}x`);
    counted[query] = (dump() - once) / REQUESTS;
  }
  await server.stop();
  return counted;
}
