// Compares servers with the first screen of a front end: the same queries on the same PostgreSQL database, in rounds in
// which each server has its turn, so that the ratios hold on a machine whose speed changes. README.md in this folder
// describes the servers and the options.
//
// usage: bench/first-screen/run
import assert from 'node:assert/strict';
import { createDatabase } from './database.mjs';
import { postgresTime, processorTime, residentMegabytes } from './processes.mjs';
import { selected } from './queries.mjs';
import { median, medianRatio, table } from './report.mjs';
import { startLimit, startPeer, startProduct } from './servers.mjs';
import { BUILDS, ROUNDS, SECONDS, USERS, turns } from './settings.mjs';

const CLIENTS = 32;
const STARTS = {
  limit: startLimit,
  product: (url) => startProduct(url),
  yoga: (url) => startPeer(url, 'yoga'),
  postgraphile: (url) => startPeer(url, 'postgraphile'),
};

const names = process.env.SERVERS?.split(',') ?? Object.keys(STARTS);
const unknown = names.find((name) => !(name in STARTS));
if (unknown !== undefined) throw new Error(`unknown server ${unknown}; there are ${Object.keys(STARTS).join(', ')}`);

const database = await createDatabase(USERS);
const candidates = [];
for (const name of names) candidates.push({ name, server: await STARTS[name](database.url), ...database });
if (BUILDS.before) {
  const own = await createDatabase(USERS, { binary: BUILDS.before });
  candidates.push({ name: 'before', server: await startProduct(own.url, { binary: BUILDS.before }), ...own });
}
const timeOfPostgres = postgresTime(database.url);
console.log(`${USERS} users, ${ROUNDS} rounds of ${SECONDS} s; times in µs`);
for (const query of selected()) {
  const bytes = await compareResponses(query);
  await measure(query);
  console.log(`\n${query}: response of ${bytes} bytes\n${report()}`);
}
await Promise.all(candidates.map(({ server }) => server.stop()));

/** Throws unless all servers respond to all users with the same data. Returns the median length. */
async function compareResponses(query) {
  const lengths = [];
  for (const user of database.users.keys()) {
    let first;
    for (const { name, server, tokens } of candidates) {
      const response = await server.ask(query, tokens[user]);
      assert.ok(response.data?.me, `${name} returns no data for ${query}: ${JSON.stringify(response)}`);
      lengths.push(JSON.stringify(response).length);
      const comparable = withoutCursors(response);
      first ??= comparable;
      assert.deepEqual(comparable, first, `${name} and ${candidates[0].name} respond differently to ${query}`);
    }
  }
  for (const { name, server } of candidates) {
    const response = await server.ask(query, `upa_${'A'.repeat(43)}`).catch(() => undefined);
    assert.ok(!response?.data?.me, `${name} accepts an unknown token`);
  }
  return median(lengths);
}

/** Cursors are opaque: each server has its own. */
function withoutCursors(response) {
  return JSON.parse(JSON.stringify(response, (key, value) => (/cursor$/i.test(key) ? typeof value : value)));
}

async function measure(query) {
  for (const candidate of candidates) {
    candidate.sums = { alone: [], rate: [], many: [], requests: 0, server: 0, postgres: 0, memory: [] };
    // Long enough for the compiler of Node.js.
    await candidate.load(candidate.server, query, CLIENTS, 2 * SECONDS);
  }
  for (const { server, load, sums } of turns(candidates)) {
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

function report() {
  const reference = candidates.find(({ name }) => name === 'limit') ?? candidates[0];
  const ratio = (sums, key) => medianRatio(sums[key], reference.sums[key]).toFixed(2);
  const rows = candidates.map(({ name, sums }) => [
    name,
    median(sums.alone).toFixed(0),
    ratio(sums, 'alone'),
    median(sums.rate).toFixed(0),
    ratio(sums, 'rate'),
    median(sums.many).toFixed(0),
    ratio(sums, 'many'),
    (sums.server / sums.requests).toFixed(0),
    (sums.postgres / sums.requests).toFixed(0),
    median(sums.memory).toFixed(0),
  ]);
  const against = `× ${reference.name}`;
  const measured = ['p50, 1 client', against, `requests/s, ${CLIENTS}`, against, `p50, ${CLIENTS}`, against];
  return table([['server', ...measured, 'CPU/request', 'PostgreSQL CPU', 'RSS in MB'], ...rows]);
}
