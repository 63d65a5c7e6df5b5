// Compares two binaries side by side: the same queries on the same SQLite data, alternating between two servers. Prints
// medians, and the ratio of the second to the first, for one client and for many; and the most memory that each took.
//
// usage: node bench/compare.mjs BEFORE AFTER
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { ask, median, signIn, start } from './server.mjs';

const [before, after] = process.argv.slice(2);
if (!after) throw new Error('usage: node bench/compare.mjs BEFORE AFTER');
const ROUNDS = Number(process.env.ROUNDS ?? 600);
const CLIENTS = 32;
const WORKSPACES = 500;
const DOMAIN = 'domain-bench';
const PASSWORD = 'paper-lantern';
const QUERIES = {
  'caller alone': '{ me { name email } }',
  'first screen':
    '{ me { name workspaces(first: 3) { nodes { name roleName workspaceGroup { name } } } workspaceGroups { nodes { name users { userName } } } } }',
  '500 workspaces': '{ me { workspaces(first: 500) { nodes { id name roleName workspaceGroup { name } } } } }',
  '500 with tags': '{ me { workspaces(first: 500) { nodes { id name tags } } } }',
};

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const file = join(folder, 'bench.jsonl');
writeFileSync(file, lines().map((line) => `${JSON.stringify(line)}\n`).join(''));
const servers = await Promise.all([before, after].map(prepare));
for (const [name, query] of Object.entries(QUERIES)) {
  const alone = [[], []];
  const many = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // Each goes first as often as the other.
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) alone[which].push(await time(servers[which], query, 1));
  }
  for (let round = 0; round < ROUNDS / 20; round++) {
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) many[which].push(await time(servers[which], query, CLIENTS));
  }
  console.log(`${name.padEnd(15)} 1 client: ${compare(alone)}; ${CLIENTS} clients: ${compare(many)}`);
}
console.log(`memory: at most ${servers.map(({ server }) => `${server.maxMegabytes().toFixed(1)} MB`).join(' and ')}`);
for (const { server } of servers) await server.stop();
rmSync(folder, { recursive: true });

async function prepare(binary, number) {
  const database = `sqlite:${join(folder, `bench-${number}.db`)}`;
  for (const args of [['migrate'], ['import', file]]) {
    const env = { PATH: process.env.PATH, DATABASE_URL: database, USERPROFILE_SECRET_KEY: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' };
    if (spawnSync(binary, args, { env, stdio: 'ignore' }).status !== 0) throw new Error(`${binary} ${args[0]} failed`);
  }
  const server = await start(database, [], binary);
  return { server, token: await signIn(server.url, DOMAIN, 'wonny', PASSWORD) };
}

async function time({ server, token }, query, clients) {
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, () => ask(server.url, query, {}, token)));
  return performance.now() - began;
}

function compare([first, second]) {
  const [one, other] = [median(first), median(second)];
  return `${one.toFixed(2)} and ${other.toFixed(2)} ms, ratio ${(other / one).toFixed(3)}`;
}

function lines() {
  const groups = Array.from({ length: 20 }, (_, number) => ({
    kind: 'workspace_group', domain_id: DOMAIN, workspace_group_id: `wg-${number}`, name: `Group ${number}`,
    users: ['wonny', ...Array.from({ length: 9 }, (_, user) => `user${user}`)].map((user_id) => ({ user_id, role_id: 'member', role_type: 'WORKSPACE_MEMBER' })),
  }));
  const workspaces = Array.from({ length: WORKSPACES }, (_, number) => {
    const workspace_id = `workspace-${number}`;
    const workspace_group_id = `wg-${number % 20}`;
    return [
      { kind: 'workspace', domain_id: DOMAIN, workspace_id, name: `Workspace ${number}`, workspace_group_id, tags: { team: 'platform', number } },
      { kind: 'role_binding', domain_id: DOMAIN, role_binding_id: `rb-${number}`, user_id: 'wonny', role_id: 'member', role_type: 'WORKSPACE_MEMBER', resource_group: 'WORKSPACE', workspace_id, workspace_group_id },
    ];
  });
  return [
    { kind: 'domain', domain_id: DOMAIN, name: 'bench' },
    { kind: 'role', domain_id: DOMAIN, role_id: 'member', name: 'Member', role_type: 'WORKSPACE_MEMBER' },
    { kind: 'user', domain_id: DOMAIN, user_id: 'wonny', password: PASSWORD },
    ...Array.from({ length: 9 }, (_, user) => ({ kind: 'user', domain_id: DOMAIN, user_id: `user${user}` })),
    ...groups,
    ...workspaces.flat(),
  ];
}
