// 10 clients, and then 200, that send large requests and read no responses: over HTTP/2 with a window of 0, 100
// requests on each connection, for the schema and for the largest embedded file; and over HTTP/1.1. Prints the server's
// memory above idle while they are connected, and after they have disconnected; fails if it is above the limit.
//
// usage: [USERPROFILE_BINARY=…] [DATABASE_URL=postgres://…] node bench/hostile-connections.mjs
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run, start } from './server.mjs';

const CONNECTIONS = 10;
const MANY_CONNECTIONS = 200;
const STREAMS = 100;
const MAX_MEGABYTES = 150;
// All unread responses take at most 256 MiB; building them, and what the allocator keeps of it, takes more.
const MAX_MEGABYTES_IN_TOTAL = 900;
// Memory is measured when it has not grown for this long.
const STEADY_MS = 3000;
// Long enough that the server closes no connection while memory is measured.
const FLAGS = ['--response-timeout', '5m', '--keep-alive-timeout', '5m'];

const FIELDS = 'types{name description fields{name description type{name kind description fields{name description}}}}';
const SCHEMA = JSON.stringify({ query: `{${Array.from({ length: 15 }, (_, n) => `s${n}:__schema{${FIELDS}}`).join(' ')}}` });

const folder = mkdtempSync(join(tmpdir(), 'userprofile-bench-'));
const databaseUrl = process.env.DATABASE_URL ?? `sqlite:${join(folder, 'bench.db')}`;
run(databaseUrl, 'migrate');
for (const [name, open, connections, limit] of [
  ['HTTP/2, the schema', requestSchema],
  ['HTTP/2, the schema, many connections', requestSchema, MANY_CONNECTIONS, MAX_MEGABYTES_IN_TOTAL],
  ['HTTP/2, the largest file', (url, file) => http2(url, () => ({ ':path': file }))],
  ['HTTP/2, unfinished bodies', (url) => http2(url, unfinished, ' '.repeat(1024 * 1024 - 1), false)],
  ['HTTP/1.1, the schema', (url) => http1(url, `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${SCHEMA.length}\r\n\r\n${SCHEMA}`, 20)],
  ['HTTP/1.1, the largest file', (url, file) => http1(url, `GET ${file} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 100)],
  ['HTTP/1.1, HEAD requests', (url) => http1(url, 'HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000), 1000)],
]) {
  await measure(name, open, connections, limit);
}
rmSync(folder, { recursive: true });

async function measure(name, open, connections = CONNECTIONS, limit = MAX_MEGABYTES) {
  const server = await start(databaseUrl, FLAGS);
  try {
    const file = await largestFile(server.url);
    const idle = server.residentMegabytes();
    const clients = Array.from({ length: connections }, () => open(server.url, file));
    const connected = (await steady(server)) - idle;
    for (const client of clients) client.destroy();
    await pause(STEADY_MS);
    const left = server.residentMegabytes() - idle;
    console.log(`${name}: ${connected.toFixed(0)} MB above idle while connected, at most ${(server.maxMegabytes() - idle).toFixed(0)} MB, ${left.toFixed(0)} MB after they disconnected`);
    if (server.maxMegabytes() - idle > limit) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

/** The memory in megabytes, when it has not grown for a while. */
async function steady(server) {
  for (let before = 0; ; ) {
    await pause(STEADY_MS);
    const now = server.residentMegabytes();
    if (now <= before * 1.01) return now;
    before = now;
  }
}

function http2(url, headers, body, ends = true) {
  const client = connectHttp2(url, { settings: { initialWindowSize: 0 } });
  client.on('error', () => {});
  for (let number = 0; number < STREAMS; number++) {
    const stream = client.request(headers(), { endStream: body === undefined });
    stream.on('error', () => {});
    if (body !== undefined) ends ? stream.end(body) : stream.write(body);
  }
  return client;
}

function requestSchema(url) {
  return http2(url, () => ({ ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json' }), SCHEMA);
}

function unfinished() {
  return { ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json', 'content-length': 1024 * 1024 };
}

/** Sends requests without waiting for responses. */
function http1(url, request, times) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => {});
  for (let number = 0; number < times; number++) socket.write(request);
  return socket;
}

/** The path of the largest embedded file; without `web/dist`, a small one. */
async function largestFile(url) {
  const page = await (await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).text();
  const main = /src="([^"]+\.js)"/.exec(page)?.[1];
  if (main === undefined) return '/plain/words.js';
  const path = new URL(main, `${url}/graphql`).pathname;
  const script = await (await fetch(url + path)).text();
  const names = [path, ...[...script.matchAll(/assets\/[\w.-]+\.js/g)].map(([name]) => `/${name}`)];
  const sizes = await Promise.all([...new Set(names)].map(async (name) => [name, Number((await fetch(url + name, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })).headers.get('content-length'))]));
  return sizes.reduce((largest, one) => (one[1] > largest[1] ? one : largest))[0];
}
