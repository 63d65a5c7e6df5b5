// 200 concurrent sign-ins: the server's maximum memory, and the time of an authenticated user's `me` meanwhile,
// compared with an idle server. Fails if one of them is above its limit.
//
// usage: [DATABASE_URL=postgres://…] node bench/sign-ins.mjs
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, run, signIn, start } from './server.mjs';

const SIGN_INS = 200;
const PASSWORD = 'correct horse 7';
// Megabytes: the server itself, and 19 MiB for each password that is hashed concurrently.
const MAX_MEMORY = 45 + 19 * 1.048576 * availableParallelism();
const MAX_TIMES_SLOWER = 4;

const folder = mkdtempSync(join(tmpdir(), 'userprofile-'));
const databaseUrl = process.env.DATABASE_URL ?? `sqlite:${folder}/bench.db`;
const user = (n) => ({ kind: 'user', domain_id: 'domain-bench', user_id: `u${n}`, password: PASSWORD });
const lines = [{ kind: 'domain', domain_id: 'domain-bench', name: 'Bench' }, ...Array.from({ length: SIGN_INS + 1 }, (_, n) => user(n))];
writeFileSync(`${folder}/people.jsonl`, lines.map((line) => JSON.stringify(line)).join('\n'));
run(databaseUrl, 'migrate');
run(databaseUrl, 'import', `${folder}/people.jsonl`);

const server = await start(databaseUrl);
try {
  const token = await signIn(server.url, 'domain-bench', `u${SIGN_INS}`, PASSWORD);
  const me = () => ask(server.url, '{ me { name email } }', {}, token);
  const idle = await timed(me, () => false, 1000);
  let done = 0;
  let signedIn = 0;
  const attempts = Array.from({ length: SIGN_INS }, (_, n) =>
    signIn(server.url, 'domain-bench', `u${n}`, PASSWORD).then(() => signedIn++, () => {}).finally(() => done++),
  );
  const busy = await timed(me, () => done < SIGN_INS, 100);
  await Promise.all(attempts);
  const memory = server.maxMegabytes();
  console.log(`${signedIn} of ${SIGN_INS} signed in, the others were rate limited`);
  console.log(`maximum memory: ${memory.toFixed(1)} MB (limit: ${MAX_MEMORY.toFixed(1)} MB)`);
  console.log(`me, p99: ${busy.toFixed(2)} ms, ${idle.toFixed(2)} ms when idle: ${(busy / idle).toFixed(1)} times`);
  if (memory > MAX_MEMORY || busy > MAX_TIMES_SLOWER * idle) process.exitCode = 1;
} finally {
  await server.stop();
}

/** The 99th percentile of at least `least` sequential calls, and of more while `goesOn` returns true. */
async function timed(call, goesOn, least) {
  const times = [];
  while (times.length < least || goesOn()) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)];
}
