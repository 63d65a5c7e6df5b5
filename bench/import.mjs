// Imports 100,000 lines of each kind into an empty database, after an import of one line, and into a database that
// holds 100,000 others. Fails if one of the last two takes more than 1.5 times as long as the first, or if twice as
// many lines take more than 3 times as long.
//
// usage: [DATABASE_URL=postgres://…] [LINES=100000] node bench/import.mjs [KIND…]
//
// Without DATABASE_URL, on SQLite. On PostgreSQL, `psql` creates a new database on that server for each import.
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { run } from './server.mjs';

const LINES = Number(process.env.LINES ?? 100_000);
const MAX_TIMES_SLOWER = 1.5;
const MAX_TIMES_FOR_TWICE = 3;
const DOMAIN = 'domain-bench';

const KINDS = {
  role: (n) => ({ role_id: `role-${n}`, name: 'Role', role_type: 'WORKSPACE_OWNER' }),
  user: (n) => ({ user_id: `u${n}@example.com`, name: `User ${n}`, email: `u${n}@example.com`, email_verified: true }),
  workspace_group: (n) => ({ workspace_group_id: `wg-${n}`, name: `Group ${n}`, users: [{ user_id: `u${n}@example.com` }, { user_id: `u${n + 1}@example.com` }] }),
  workspace: (n) => ({ workspace_id: `workspace-${n}`, name: `Workspace ${n}`, workspace_group_id: `wg-${n}` }),
  role_binding: (n) => ({
    role_binding_id: `rb-${n}`, user_id: `u${n}@example.com`, role_id: `role-${n % 7}`, role_type: 'WORKSPACE_OWNER', resource_group: 'WORKSPACE', workspace_id: `workspace-${n}`,
  }),
};

let databases = 0;
const folder = mkdtempSync(join(tmpdir(), 'userprofile-'));
const wanted = process.argv.slice(2);
try {
  for (const kind of wanted.length ? wanted : Object.keys(KINDS)) {
    const one = await file(`${kind}-one`, kind, 0, 1);
    const others = await file(`${kind}-others`, kind, 1, LINES);
    const lines = await file(`${kind}-lines`, kind, 1 + LINES, LINES);
    const twice = await file(`${kind}-twice`, kind, 1 + LINES, 2 * LINES);
    const intoEmpty = timed([], lines);
    const afterOne = timed([one], lines);
    const intoFull = timed([one, others], lines);
    const again = timed([lines], lines);
    const twiceAsMany = timed([one], twice);
    const times = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s (${(milliseconds / intoEmpty).toFixed(2)} times)`;
    console.log(
      `${kind}: empty ${(intoEmpty / 1000).toFixed(1)} s, after one ${times(afterOne)}, into ${LINES} others ${times(intoFull)}, ` +
        `the same again ${times(again)}, twice as many ${times(twiceAsMany)}`,
    );
    const slowest = Math.max(afterOne, intoFull) / intoEmpty;
    if (slowest > MAX_TIMES_SLOWER || twiceAsMany / intoEmpty > MAX_TIMES_FOR_TWICE) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes a file with lines of one kind, in an order that differs from that of every index. */
async function file(name, kind, first, count) {
  const path = join(folder, `${name}.jsonl`);
  const out = createWriteStream(path);
  out.write(`${JSON.stringify({ kind: 'domain', domain_id: DOMAIN, name: 'Bench' })}\n`);
  for (let at = 0; at < count; at++) {
    const n = first + ((at * 7919) % count);
    if (!out.write(`${JSON.stringify({ kind, domain_id: DOMAIN, ...KINDS[kind](n) })}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return path;
}

/** Imports `before` into a new database, then `path`; returns the milliseconds that the latter took. */
function timed(before, path) {
  const database = newDatabase();
  try {
    run(database.url, 'migrate');
    for (const earlier of before) run(database.url, 'import', earlier);
    const began = performance.now();
    run(database.url, 'import', path);
    return performance.now() - began;
  } finally {
    database.drop();
  }
}

function newDatabase() {
  const name = `bench_${process.pid}_${databases++}`;
  if (!process.env.DATABASE_URL) {
    const path = join(folder, `${name}.db`);
    return { url: `sqlite:${path}`, drop: () => ['', '-wal', '-shm'].forEach((end) => rmSync(path + end, { force: true })) };
  }
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = `/${name}`;
  psql(`CREATE DATABASE ${name}`);
  return { url: url.href, drop: () => psql(`DROP DATABASE ${name}`) };
}

function psql(statement) {
  const done = spawnSync('psql', ['--quiet', process.env.DATABASE_URL, '-c', statement], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error(`psql could not ${statement}`);
}
