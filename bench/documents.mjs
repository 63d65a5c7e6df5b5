// Compares the time of a cached document with that of a new one, alternating; and measures the memory of a document
// cache that is full of documents of one shape.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, median, run, signIn, start } from './server.mjs';

const ROUNDS = 2000;
const DOMAIN = 'domain-bluebell';
const COMPANY = new URL('../demo/company.jsonl', import.meta.url).pathname;
const LIMIT_MEGABYTES = 67;
// Per shape, enough to fill the cache several times.
const DISTINCT = 4000;

const profile = (name) => `query ${name} {
  me {
    name email emailVerified language timezone requiredActions mfa { state mfaType options { email } }
    workspaces(first: 3) { nodes { id name roleName workspaceGroup { id name } } pageInfo { hasNextPage endCursor } }
    workspaceGroups(first: 3) { nodes { id name users { userId userName roleType } } }
  }
}`;

const SHAPES = {
  'typical of a front end': profile,
  'with many short names': (name) => `query ${name} { me { ${'id '.repeat(1300)} } }`,
  'with many small fragments': (name) => `query ${name} { me { ${'...{id}'.repeat(600)} } }`,
  'with many arguments': (name) => `query ${name} { ${'nodes(ids: ['.concat('""'.repeat(100), ']) { id } ').repeat(15)} }`,
};

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
await compareTimes(`sqlite:${join(folder, 'times.db')}`);
for (const [shape, make] of Object.entries(SHAPES)) await fill(`sqlite:${join(folder, 'memory.db')}`, shape, make);
rmSync(folder, { recursive: true });

async function compareTimes(database) {
  run(database, 'migrate');
  run(database, 'import', COMPANY);
  const server = await start(database);
  const token = await signIn(server.url, DOMAIN, 'wonny@bluebell.example', 'paper-lantern');
  const times = { cached: [], new: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, name] of [['cached', 'Cached'], ['new', `New${round}`]]) {
      const began = performance.now();
      await ask(server.url, profile(name), {}, token);
      times[kind].push(performance.now() - began);
    }
  }
  await server.stop();
  for (const [kind, all] of Object.entries(times)) {
    console.log(`${kind.padEnd(6)} ${median(all).toFixed(2)} ms (median of ${ROUNDS})`);
  }
}

async function fill(database, shape, make) {
  const server = await start(database, ['--document-cache', '64MiB']);
  const before = server.residentMegabytes();
  for (let number = 0; number < DISTINCT * (shape.startsWith('typical') ? 5 : 1); number++) {
    const body = JSON.stringify({ query: make(`Q${number}`) });
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { errors = [] } = await response.json();
    if (errors.some(({ extensions }) => extensions.code !== 'UNAUTHENTICATED')) throw new Error(JSON.stringify(errors));
  }
  const grown = server.residentMegabytes() - before;
  await server.stop();
  console.log(`cache full of documents ${shape}: ${grown.toFixed(0)} MB (limit: ${LIMIT_MEGABYTES} MB)`);
}
