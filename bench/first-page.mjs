// The first page of workspaces of an admin of 100,000 workspaces and of a member of three, alternating. On SQLite, or
// with DATABASE_URL=postgres://… on an empty PostgreSQL database.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { ask, median, run, signIn, start } from './server.mjs';

const WORKSPACES = 100_000;
const ROUNDS = 500;
const DOMAIN = 'domain-bench';
const PASSWORD = 'paper-lantern';
const QUERY = '{ me { name workspaces { nodes { id name roleName } pageInfo { endCursor } } } }';

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const database = process.env.DATABASE_URL ?? `sqlite:${join(folder, 'bench.db')}`;
const file = join(folder, 'bench.jsonl');
await writeCompany(file);
run(database, 'migrate');
run(database, 'import', file);
const server = await start(database);
const times = {};
const tokens = {};
for (const user of ['admin', 'member']) {
  tokens[user] = await signIn(server.url, DOMAIN, user, PASSWORD);
  times[user] = [];
}
for (let round = 0; round < ROUNDS; round++) {
  for (const user of ['admin', 'member']) {
    const began = performance.now();
    await ask(server.url, QUERY, {}, tokens[user]);
    times[user].push(performance.now() - began);
  }
}
await server.stop();
rmSync(folder, { recursive: true });
for (const user of ['admin', 'member']) {
  console.log(`${user.padEnd(7)} ${median(times[user]).toFixed(2)} ms (median of ${ROUNDS})`);
}

async function writeCompany(path) {
  const out = createWriteStream(path);
  const line = async (value) => out.write(`${JSON.stringify(value)}\n`) || once(out, 'drain');
  await line({ kind: 'domain', domain_id: DOMAIN, name: 'bench' });
  const user = { kind: 'user', domain_id: DOMAIN, password: PASSWORD };
  await line({ ...user, user_id: 'admin', role_type: 'DOMAIN_ADMIN' });
  await line({ ...user, user_id: 'member' });
  for (let number = 0; number < WORKSPACES; number++) {
    const workspace_id = `workspace-${number}`;
    await line({ kind: 'workspace', domain_id: DOMAIN, workspace_id, name: `Workspace ${(number * 7919) % WORKSPACES}` });
    if (number < 3) {
      const binding = { role_binding_id: `rb-${number}`, user_id: 'member', role_id: 'member', workspace_id };
      const kind = { role_type: 'WORKSPACE_MEMBER', resource_group: 'WORKSPACE' };
      await line({ kind: 'role_binding', domain_id: DOMAIN, ...binding, ...kind });
    }
  }
  out.end();
  await once(out, 'finish');
}
