// The first screen on SQLite with 1,000 and with 100,000 users, and on PostgreSQL with 1,000: the median time for one
// client, in rounds in which each has its turn. With BEFORE, also of that binary.
//
// usage: bench/first-screen/run sqlite
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, fill } from './database.mjs';
import { loader, median, table } from './load.mjs';
import { selected } from './queries.mjs';
import { BINARY, startProduct } from './servers.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const SECONDS = Number(process.env.SECONDS ?? 1);
const FEW = Number(process.env.USERS ?? 1000);
const MANY = Number(process.env.MANY_USERS ?? 100_000);
const BEFORE = process.env.BEFORE;

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const postgres = await createDatabase(process.env.DATABASE_URL, `sqlite_comparison_${process.pid}`);
const servers = [];
try {
  const databases = [
    [`SQLite, ${FEW} users`, `sqlite:${join(folder, 'few.db')}`, FEW],
    [`SQLite, ${MANY} users`, `sqlite:${join(folder, 'many.db')}`, MANY],
    [`PostgreSQL, ${FEW} users`, postgres.url, FEW],
  ];
  for (const [name, url, users] of databases) {
    const own = join(folder, String(servers.length));
    mkdirSync(own);
    const tokens = await fill(url, own, users);
    const load = loader(own, 'users', tokens);
    for (const [which, binary] of Object.entries({ ...(BEFORE && { before: BEFORE }), product: BINARY })) {
      const server = await startProduct(url, { binary });
      servers.push({ name: BEFORE ? `${name}, ${which}` : name, server, load, times: [] });
    }
  }
  for (const query of selected('first-screen')) {
    console.log(await measure(query));
  }
} finally {
  await Promise.all(servers.map(({ server }) => server.stop()));
  postgres.drop();
  rmSync(folder, { recursive: true });
}

async function measure(query) {
  for (const one of servers) {
    one.times = [];
    await one.load(one.server, query, 1, '200x');
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < servers.length; turn++) {
      const { server, load, times } = servers[(turn + round) % servers.length];
      times.push((await load(server, query, 1, SECONDS)).p50);
    }
  }
  const [{ times: reference }] = servers;
  const rows = servers.map(({ name, times }) => [name, median(times).toFixed(0), median(times.map((time, round) => time / reference[round])).toFixed(2)]);
  return table([[query, 'p50 in µs', '× the first'], ...rows]);
}
