// The first screen on SQLite with 1,000 and with 100,000 users, and on PostgreSQL with 1,000: the median time for one
// client, in rounds in which each has its turn.
//
// usage: bench/first-screen/run sqlite
import { createDatabase } from './database.mjs';
import { selected } from './queries.mjs';
import { median, medianRatio, table } from './report.mjs';
import { startProduct } from './servers.mjs';
import { BUILDS, SECONDS, USERS, turns } from './settings.mjs';

const MANY_USERS = Number(process.env.MANY_USERS ?? 100_000);
const DATABASES = [
  [`SQLite, ${USERS} users`, 'sqlite', USERS],
  [`SQLite, ${MANY_USERS} users`, 'sqlite', MANY_USERS],
  [`PostgreSQL, ${USERS} users`, 'postgres', USERS],
];

const candidates = [];
for (const [build, binary] of Object.entries(BUILDS)) {
  for (const [name, kind, users] of DATABASES) {
    const database = await createDatabase(users, { binary, kind });
    const server = await startProduct(database.url, { binary });
    candidates.push({ name: `${build}: ${name}`, server, load: database.load });
  }
}
for (const query of selected('first-screen')) {
  for (const candidate of candidates) {
    candidate.times = [];
    await candidate.load(candidate.server, query, 1, '200x');
  }
  for (const { server, load, times } of turns(candidates)) times.push((await load(server, query, 1, SECONDS)).p50);
  const [{ times: reference }] = candidates;
  const rows = candidates.map(({ name, times }) => [name, median(times).toFixed(0), medianRatio(times, reference).toFixed(2)]);
  console.log(table([[query, 'p50 in µs', '× the first'], ...rows]));
}
await Promise.all(candidates.map(({ server }) => server.stop()));
