// The time of the first screen while other clients send slow requests: an admin of a large domain counts the workspaces
// whose name contains a text, which reads all of them. Prints the 99th percentile with and without these clients.
//
// usage: bench/first-screen/run beside-counts
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN } from './data.mjs';
import { createDatabase, signInAll } from './database.mjs';
import { loader } from './load.mjs';
import { median, medianRatio, table } from './report.mjs';
import { startProduct } from './servers.mjs';
import { BUILDS, SECONDS, USERS, turns } from './settings.mjs';

const WORKSPACES = Number(process.env.WORKSPACES ?? 100_000);
const CLIENTS = 4;
const COUNTING = Number(process.env.COUNTING ?? 4);
const COUNT = '{ me { workspaces(filter: { nameContains: "x" }) { totalCount } } }';

const candidates = [];
for (const [name, binary] of Object.entries(BUILDS)) {
  for (const kind of ['postgres', 'sqlite']) {
    const { url, load } = await createDatabase(USERS, { binary, kind, extraWorkspaces: WORKSPACES });
    const count = loader(await signInAll(url, binary, [ADMIN]));
    const server = await startProduct(url, { binary });
    candidates.push({ name: `${name}: ${kind}`, server, load, count, alone: [], beside: [], counts: [] });
  }
}
for (const candidate of candidates) await candidate.load(candidate.server, 'first-screen', CLIENTS, '400x');
for (const { server, load, count, alone, beside, counts } of turns(candidates)) {
  alone.push((await load(server, 'first-screen', CLIENTS, SECONDS)).p99);
  const counting = count({ ...server, document: () => COUNT }, 'count', COUNTING, SECONDS + 0.4);
  const measuring = pause(200).then(() => load(server, 'first-screen', CLIENTS, SECONDS));
  const [{ p99 }, { p50 }] = await Promise.all([measuring, counting]);
  beside.push(p99);
  counts.push(p50);
}
const rows = candidates.map(({ name, alone, beside, counts }) => [
  name,
  ...[alone, beside].map((times) => median(times).toFixed(0)),
  medianRatio(beside, alone).toFixed(2),
  median(counts).toFixed(0),
]);
const heads = [`p99 in µs, ${CLIENTS} clients`, 'alone', `beside ${COUNTING} clients that count`, 'ratio', 'p50 of a count'];
console.log(table([heads, ...rows]));
await Promise.all(candidates.map(({ server }) => server.stop()));
