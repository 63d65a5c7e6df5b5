// The databases of the benchmark. Each has the tables and the data that the product's own commands write, and belongs to
// one build of the product, because another may have other tables or indexes.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DOMAIN, PASSWORD, signingIn, userId, writeData } from './data.mjs';
import { loader } from './load.mjs';
import { BINARY, command, startProduct } from './servers.mjs';
import { atExit, temporaryFolder } from './temporary.mjs';

const SIGNING_IN = 20;

let created = 0;

/**
 * Creates a database on the PostgreSQL server of DATABASE_URL, or in a file if `kind` is `sqlite`, and fills it. Returns
 * its URL, access tokens of some users, and `load`, which sends requests of these users.
 */
export async function createDatabase(users, { binary = BINARY, kind = 'postgres', extraWorkspaces } = {}) {
  const folder = temporaryFolder();
  const url = kind === 'sqlite' ? `sqlite:${join(folder, 'bench.db')}` : createOnServer();
  const file = join(folder, 'data.jsonl');
  await writeData(file, users, SIGNING_IN, extraWorkspaces);
  command(url, binary, 'migrate');
  command(url, binary, 'import', file);
  if (kind === 'postgres') sql(url, 'ANALYZE');
  const names = signingIn(users, SIGNING_IN).map(userId);
  const tokens = await signInAll(url, binary, names);
  return { url, users: names, tokens, load: loader(tokens) };
}

function createOnServer() {
  if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is missing; start the benchmark with its script `run`');
  const url = new URL(process.env.DATABASE_URL);
  // Without TLS, which would cost each client of the database differently.
  url.searchParams.set('sslmode', 'disable');
  const server = url.href;
  const name = `first_screen_${process.pid}_${++created}`;
  sql(server, `CREATE DATABASE ${name}`);
  atExit(() => sql(server, `DROP DATABASE ${name} WITH (FORCE)`));
  url.pathname = `/${name}`;
  return url.href;
}

/** Signs users in through a server whose sessions outlast the benchmark, and returns their access tokens. */
export async function signInAll(url, binary, names) {
  const server = await startProduct(url, { binary, flags: ['--access-ttl', '1d', '--refresh-ttl', '2d'] });
  const tokens = [];
  for (const name of names) tokens.push(await signIn(server, name));
  await server.stop();
  return tokens;
}

async function signIn(server, userId) {
  const query = 'mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { message } } }';
  const response = await server.send(query, { input: { domainId: DOMAIN, userId, password: PASSWORD } });
  const token = response.data?.signIn.session?.accessToken;
  if (!token) throw new Error(`${userId} cannot sign in: ${JSON.stringify(response)}`);
  return token;
}

/** Runs a statement, and returns its rows as lines. */
export function sql(url, statement) {
  const args = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', url, '-c', statement];
  const done = spawnSync('psql', args, { encoding: 'utf8' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout.split('\n').filter(Boolean);
}
