// One user repeatedly sends the most expensive documents that the limits allow. Measures the time of another user's
// `me` and first screen meanwhile, compared with an idle server; and the server's memory above idle for each document.
// Fails if one of them is above its limit, or if the other user gets an error.
//
// usage: [DATABASE_URL=postgres://… of an empty database] [USERPROFILE_BINARY=…] node bench/hostile-queries.mjs
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ask, run, signIn, start } from './server.mjs';

const DOMAIN = 'domain-bench';
const PASSWORD = 'paper-lantern';
const LARGE_GROUPS = Number(process.env.LARGE_GROUPS ?? 100);
const USERS_PER_GROUP = 10_000;
const WORKSPACES = 16_000;
const ROUNDS = Number(process.env.ROUNDS ?? 300);
const MAX_TIMES_SLOWER = 4;
// Megabytes above idle that one request may take.
const MAX_MEMORY = 64 * 1.048576;

const ME = '{ me { name } }';
const FIRST_SCREEN = `{ me { name workspaces { nodes { id name roleName workspaceGroup { name } } pageInfo { endCursor } }
  workspaceGroups { nodes { name users { userName } } } } }`;
const ALIASES = Array.from({ length: 15 }, (_, number) => number);
const aliases = (of) => ALIASES.map((number) => `a${number}: ${of(number)}`).join(' ');
const entities = (type, fields) => `query($these: [_Any!]!) { _entities(representations: $these) { ... on ${type} { ${fields} } } }`;
const these = (type, count, id) => ({ these: Array.from({ length: count }, (_, number) => ({ __typename: type, id: id(number) })) });
const EVERY_FIELD = `id workspaceId name state roleId roleName roleType createdBy referenceId isManaged isDormant domainId
  createdAt lastSyncedAt dormantUpdatedAt`;

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const database = process.env.DATABASE_URL ?? `sqlite:${join(folder, 'bench.db')}`;
const file = join(folder, 'bench.jsonl');
await writeCompany(file);
run(database, 'migrate');
run(database, 'import', file);
const failures = [];
try {
  const server = await start(database);
  const tokens = {};
  for (const user of ['attacker', 'other']) tokens[user] = await signIn(server.url, DOMAIN, user, PASSWORD);
  const { me } = await ask(server.url, '{ me { id } }', {}, tokens.attacker);
  const documents = hostile(me.id);
  await measureOtherUser(server, tokens, documents);
  await server.stop();
  await measureMemory(tokens.attacker, documents);
} finally {
  rmSync(folder, { recursive: true });
}
for (const failure of failures) console.log(`failed: ${failure}`);
if (failures.length > 0) process.exitCode = 1;

function hostile(own) {
  const workspace = (number) => `workspace-${number}`;
  return {
    'counts of 1,000 equal entities': [entities('User', aliases(() => 'workspaces(first: 0) { totalCount }')), these('User', 1000, () => own)],
    'users of large groups': ['{ me { workspaceGroups(first: 100) { nodes { users { userId } } } } }'],
    'one large group, every field': ['{ node(id: "wg-large-0") { ... on WorkspaceGroup { users { userId userName state roleId roleType } } } }'],
    'a page of tags': ['{ me { workspaces(first: 150) { nodes { tags } } } }'],
    'many pages of tags': [`{ me { ${aliases((n) => `workspaces(first: ${500 - n}) { nodes { tags } }`)} } }`],
    'tags many times': [`{ me { workspaces(first: 500) { nodes { ${aliases(() => 'tags')} } } } }`],
    'own tags of 1,000 entities': [entities('User', aliases(() => 'tags')), these('User', 1000, () => own)],
    'every field of pages': [`{ me { ${ALIASES.slice(0, 12).map((n) => `a${n}: workspaces(first: 500) { nodes { ${EVERY_FIELD} } }`).join(' ')} } }`],
    'long aliases': [`{ me { workspaces(first: 500) { nodes { ${ALIASES.slice(0, 13).map((n) => `${'a'.repeat(124)}${n}: name`).join(' ')} } } } }`],
    'entities with pending fields': [entities('Workspace', aliases(() => 'workspaceGroup { name }')), these('Workspace', 1000, workspace)],
    'a page of each group': ['{ me { workspaceGroups(first: 100) { nodes { workspaces(first: 160) { nodes { id } } } } } }'],
    'pages of each group': [`{ me { workspaceGroups(first: 100) { nodes { ${aliases((n) => `workspaces(first: ${50 + n}) { nodes { id } }`)} } } } }`],
    'introspection': [`{ ${ALIASES.slice(0, 14).map((n) => `a${n}: __schema { types { name description fields { name description args { name description } } } }`).join(' ')} }`],
  };
}

async function measureOtherUser(server, tokens, documents) {
  const idle = await percentiles(server, tokens.other);
  for (const name of ['counts of 1,000 equal entities', 'users of large groups']) {
    const [query, variables] = documents[name];
    const attackers = [1, 2].map(
      () => new Worker(new URL('./attacker.mjs', import.meta.url), { workerData: { url: server.url, query, variables, token: tokens.attacker } }),
    );
    const busy = await percentiles(server, tokens.other);
    const counts = await Promise.all(attackers.map(stopped));
    const attacks = counts.reduce((sum, count) => sum + count, 0);
    console.log(`during ${attacks} requests for ${name}:`);
    for (const question of Object.keys(idle)) {
      const times = busy[question] / idle[question];
      console.log(`  ${question}, p95: ${busy[question].toFixed(1)} ms, ${idle[question].toFixed(1)} ms when idle: ${times.toFixed(1)} times`);
      if (times > MAX_TIMES_SLOWER) failures.push(`${question} takes ${times.toFixed(1)} times as long during ${name}`);
    }
  }
  console.log(`maximum memory of the server: ${server.maxMegabytes().toFixed(0)} MB`);
}

/** Stops an attacker, and returns the number of its requests. */
async function stopped(attacker) {
  attacker.postMessage('stop');
  const [requests] = await once(attacker, 'message');
  return requests;
}

/** The 95th percentiles of the other user's requests. Throws if one fails. */
async function percentiles(server, token) {
  const times = { me: [], 'the first screen': [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [question, query] of [['me', ME], ['the first screen', FIRST_SCREEN]]) {
      const began = performance.now();
      await ask(server.url, query, {}, token);
      times[question].push(performance.now() - began);
    }
  }
  const p95 = (all) => all.sort((a, b) => a - b)[Math.floor(all.length * 0.95)];
  return Object.fromEntries(Object.entries(times).map(([question, all]) => [question, p95(all)]));
}

/** Runs each document on a new server, because memory is not always returned to the operating system. */
async function measureMemory(token, documents) {
  for (const [name, [query, variables]] of Object.entries(documents)) {
    const server = await start(database);
    await ask(server.url, ME, {}, token);
    const idle = server.residentMegabytes();
    const began = performance.now();
    const { errors = [], bytes } = await post(server.url, query, variables, token);
    const milliseconds = performance.now() - began;
    const taken = server.maxMegabytes() - idle;
    await server.stop();
    const result = errors.length > 0 ? `${errors[0].extensions.code} ${errors[0].extensions.limit ?? ''}` : `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(`${name}: ${taken.toFixed(0)} MB above idle, ${milliseconds.toFixed(0)} ms, ${result}`);
    if (taken > MAX_MEMORY) failures.push(`${name} takes ${taken.toFixed(0)} MB`);
  }
}

async function post(url, query, variables, token) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const text = await response.text();
  return { errors: JSON.parse(text).errors, bytes: text.length };
}

async function writeCompany(path) {
  const out = createWriteStream(path);
  const line = async (value) => out.write(`${JSON.stringify({ domain_id: DOMAIN, ...value })}\n`) || once(out, 'drain');
  await line({ kind: 'domain', name: 'bench' });
  await line({ kind: 'role', role_id: 'member', name: 'Member', role_type: 'WORKSPACE_MEMBER' });
  await line({ kind: 'user', user_id: 'attacker', password: PASSWORD, role_type: 'DOMAIN_ADMIN', tags: largeTags() });
  await line({ kind: 'user', user_id: 'other', password: PASSWORD });
  for (let number = 0; number < LARGE_GROUPS; number++) {
    const users = Array.from({ length: USERS_PER_GROUP }, (_, user) => ({ user_id: `user-number-${user}@example.com`, role_id: 'member', role_type: 'WORKSPACE_MEMBER' }));
    await line({ kind: 'workspace_group', workspace_group_id: `wg-large-${number}`, name: `Large ${number}`, users: [{ user_id: 'attacker' }, ...users.slice(1)] });
  }
  for (let number = 0; number < 5; number++) {
    const users = Array.from({ length: 10 }, (_, user) => ({ user_id: user === 0 ? 'other' : `user-number-${user}@example.com` }));
    await line({ kind: 'workspace_group', workspace_group_id: `wg-${number}`, name: `Group ${number}`, users });
  }
  for (let number = 0; number < WORKSPACES; number++) {
    const workspace_id = `workspace-${number}`;
    const workspace_group_id = number < 50 ? `wg-${number % 5}` : `wg-large-${number % LARGE_GROUPS}`;
    await line({ kind: 'workspace', workspace_id, workspace_group_id, name: `Workspace ${String(number).padStart(5, '0')} ${'w'.repeat(60)}`, tags: number < 50 || number >= 700 ? {} : largeTags() });
    if (number >= 50) continue;
    const binding = { role_binding_id: `rb-${number}`, user_id: 'other', role_id: 'member', workspace_id, workspace_group_id };
    await line({ kind: 'role_binding', ...binding, role_type: 'WORKSPACE_MEMBER', resource_group: 'WORKSPACE' });
  }
  out.end();
  await once(out, 'finish');
}

/** Just below 16 KiB of small values, which take the most memory when parsed. */
function largeTags() {
  return Object.fromEntries(Array.from({ length: 1900 }, (_, number) => [`${number}`, 1]));
}
