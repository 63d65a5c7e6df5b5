// The database of the benchmark: created on the PostgreSQL server of DATABASE_URL, with the tables and the data that
// the product's own commands write.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { command, startProduct } from './servers.mjs';
import { DOMAIN, PASSWORD, signingIn, userId, writeData } from './data.mjs';

const SIGNING_IN = 20;

/** Creates a database on the server of `serverUrl`, fills it, and returns its URL and how to drop it. */
export async function createDatabase(serverUrl, name) {
  // Without TLS, which would cost each client of the database differently.
  const url = new URL(serverUrl);
  url.searchParams.set('sslmode', 'disable');
  const server = url.href;
  sql(server, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => sql(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Writes tables and data, and returns access tokens of some users, and how to get one of any user with a password. */
export async function fill(databaseUrl, folder, users, { binary, extraWorkspaces } = {}) {
  const file = join(folder, `data-${users}.jsonl`);
  await writeData(file, users, SIGNING_IN, extraWorkspaces);
  command(databaseUrl, binary, 'migrate');
  command(databaseUrl, binary, 'import', file);
  if (databaseUrl.startsWith('postgres')) sql(databaseUrl, 'ANALYZE');
  const names = signingIn(users, SIGNING_IN).map(userId);
  return signInAll(databaseUrl, binary, names);
}

/** Signs users in through a server whose sessions outlast the benchmark, and returns their access tokens. */
export async function signInAll(databaseUrl, binary, names) {
  const server = await startProduct(databaseUrl, { binary, flags: ['--access-ttl', '1d', '--refresh-ttl', '2d'] });
  try {
    const tokens = [];
    for (const name of names) tokens.push(await signIn(server, name));
    return tokens;
  } finally {
    await server.stop();
  }
}

async function signIn(server, userId) {
  const query = 'mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { message } } }';
  const variables = { input: { domainId: DOMAIN, userId, password: PASSWORD } };
  const response = await server.send(query, variables);
  const token = response.data?.signIn.session?.accessToken;
  if (!token) throw new Error(`${userId} cannot sign in: ${JSON.stringify(response)}`);
  return token;
}

/** Runs a statement, and returns its rows as lines. */
export function sql(url, statement) {
  const done = spawnSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', url, '-c', statement], { encoding: 'utf8' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout.split('\n').filter(Boolean);
}
