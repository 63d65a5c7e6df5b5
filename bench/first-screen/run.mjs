// Compares servers with the first screen of a front end: the same queries on the same PostgreSQL database, in rounds in
// which each server has its turn, so that the ratios hold on a machine whose speed changes. README.md in this folder
// describes the servers and the options.
//
// usage: bench/first-screen/run
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, fill } from './database.mjs';
import { loader, median, table } from './load.mjs';
import { postgresTime, processorTime, residentMegabytes } from './processes.mjs';
import { selected } from './queries.mjs';
import { BINARY, startLimit, startPeer, startProduct } from './servers.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const SECONDS = Number(process.env.SECONDS ?? 1);
const USERS = Number(process.env.USERS ?? 1000);
const BEFORE = process.env.BEFORE;
const NAMES = process.env.SERVERS?.split(',') ?? ['limit', 'product', 'yoga', 'postgraphile'];
const CLIENTS = 32;

const STARTS = {
  limit: startLimit,
  product: (url) => startProduct(url, { binary: BINARY }),
  before: (url) => startProduct(url, { binary: BEFORE }),
  yoga: (url) => startPeer(url, 'yoga'),
  postgraphile: (url) => startPeer(url, 'postgraphile'),
};

const names = [...NAMES, ...(BEFORE ? ['before'] : [])];
const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const database = await createDatabase(process.env.DATABASE_URL, `first_screen_${process.pid}`);
const servers = new Map();
try {
  const tokens = await fill(database.url, folder, USERS);
  for (const name of names) servers.set(name, await STARTS[name](database.url));
  const load = loader(folder, 'users', tokens);
  const timeOfPostgres = postgresTime(database.url);
  console.log(`${USERS} users, ${ROUNDS} rounds of ${SECONDS} s; times in µs`);
  for (const query of selected()) {
    const bytes = await compareResponses(query, tokens);
    console.log(`\n${query}: response of ${bytes} bytes\n${await measure(query, load, timeOfPostgres)}`);
  }
} finally {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  database.drop();
  rmSync(folder, { recursive: true });
}

/** Throws unless all servers respond to all users with the same data. Returns the median length. */
async function compareResponses(query, tokens) {
  const lengths = [];
  for (const token of tokens) {
    let first;
    for (const [name, server] of servers) {
      const response = await server.ask(query, token);
      assert.ok(response.data?.me, `${name} returns no data for ${query}: ${JSON.stringify(response)}`);
      lengths.push(JSON.stringify(response).length);
      // Cursors are opaque: each server has its own.
      const comparable = JSON.parse(JSON.stringify(response, (key, value) => (/cursor$/i.test(key) ? typeof value : value)));
      first ??= comparable;
      assert.deepEqual(comparable, first, `${name} and ${names[0]} respond differently to ${query}`);
    }
  }
  for (const [name, server] of servers) {
    const unauthenticated = await server.ask(query, `upa_${'A'.repeat(43)}`).catch(() => undefined);
    assert.ok(!unauthenticated?.data?.me, `${name} accepts an unknown token`);
  }
  return median(lengths);
}

async function measure(query, load, timeOfPostgres) {
  const measured = new Map(names.map((name) => [name, { alone: [], rate: [], many: [], requests: 0, server: 0, postgres: 0, memory: [] }]));
  for (const [, server] of servers) await load(server, query, CLIENTS, Math.min(SECONDS, 0.5));
  for (let round = 0; round < ROUNDS; round++) {
    // Each server goes first as often as any other.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length];
      const [server, sums] = [servers.get(name), measured.get(name)];
      sums.alone.push((await load(server, query, 1, SECONDS)).p50);
      const [ownBefore, postgresBefore] = [processorTime(server.pid), timeOfPostgres()];
      const many = await load(server, query, CLIENTS, SECONDS);
      sums.server += processorTime(server.pid) - ownBefore;
      sums.postgres += timeOfPostgres() - postgresBefore;
      sums.requests += many.requests;
      sums.rate.push(many.perSecond);
      sums.many.push(many.p50);
      sums.memory.push(residentMegabytes(server.pid));
    }
  }
  return report(measured);
}

/** The ratios are medians of the ratios of each round. */
function report(measured) {
  const reference = measured.get(names.includes('limit') ? 'limit' : names[0]);
  const against = names.includes('limit') ? 'limit' : names[0];
  const ratio = (values, other) => median(values.map((value, round) => value / other[round])).toFixed(2);
  const rows = [...measured].map(([name, sums]) => [
    name,
    median(sums.alone).toFixed(0),
    ratio(sums.alone, reference.alone),
    median(sums.rate).toFixed(0),
    ratio(sums.rate, reference.rate),
    median(sums.many).toFixed(0),
    ratio(sums.many, reference.many),
    (sums.server / sums.requests).toFixed(0),
    (sums.postgres / sums.requests).toFixed(0),
    median(sums.memory).toFixed(0),
  ]);
  const heads = ['server', 'p50, 1 client', `× ${against}`, `requests/s, ${CLIENTS}`, `× ${against}`, `p50, ${CLIENTS}`, `× ${against}`, 'CPU/request', 'PostgreSQL', 'RSS MB'];
  return table([heads, ...rows]);
}
