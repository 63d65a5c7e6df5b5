// The median time of mutations on PostgreSQL for one client: `signIn` with a password hash that is as cheap as the
// settings allow, `refreshSession`, and `updateProfile`. The client runs on Node.js, whose own time per request is the
// same for every build, so that the ratios are closer to 1 than those of the server alone.
//
// usage: bench/first-screen/run writes
import { Agent, request } from 'node:http';
import { DOMAIN, PASSWORD } from './data.mjs';
import { createDatabase } from './database.mjs';
import { median, medianRatio, table } from './report.mjs';
import { startProduct } from './servers.mjs';
import { BUILDS, ROUNDS, USERS, turns } from './settings.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 100);
const CHEAP_HASH = ['--argon2-memory', '8KiB', '--argon2-iterations', '1'];
const SIGN_IN = `mutation($input: SignInInput!) {
  signIn(input: $input) { session { accessToken refreshToken } errors { code } }
}`;
const REFRESH = `mutation($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken refreshToken } errors { code } }
}`;
const UPDATE = `mutation($input: UpdateProfileInput!) {
  updateProfile(input: $input) { user { name } errors { code } }
}`;

const agent = new Agent({ keepAlive: true, noDelay: true });
const candidates = [];
for (const [name, binary] of Object.entries(BUILDS)) {
  const { url, users } = await createDatabase(USERS, { binary });
  const server = await startProduct(url, { binary, flags: CHEAP_HASH });
  const times = { signIn: [], refreshSession: [], updateProfile: [] };
  candidates.push({ name, server, times, send: await client(server, users) });
}
for (const { send, times } of turns(candidates)) {
  for (const mutation of Object.keys(times)) times[mutation].push(median(await timesOf(send[mutation])));
}
const rows = Object.keys(candidates[0].times).map((mutation) => {
  const values = candidates.map(({ times }) => times[mutation]);
  const ratio = BUILDS.before ? [medianRatio(values[1], values[0]).toFixed(3)] : [];
  return [mutation, ...values.map((times) => median(times).toFixed(0)), ...ratio];
});
const heads = [`p50 in µs, ${ROUNDS} rounds`, ...Object.keys(BUILDS), ...(BUILDS.before ? ['× before'] : [])];
console.log(table([heads, ...rows]));
agent.destroy();
await Promise.all(candidates.map(({ server }) => server.stop()));

async function timesOf(send) {
  const times = [];
  for (let number = 0; number < REQUESTS; number++) {
    const began = performance.now();
    await send();
    times.push((performance.now() - began) * 1000);
  }
  return times;
}

/** The mutations, each as a function that sends one. */
async function client(server, users) {
  let number = 0;
  let session;
  const send = {
    signIn: async () => {
      const input = { domainId: DOMAIN, userId: users[number++ % users.length], password: PASSWORD };
      ({ session } = await mutate(server, 'signIn', SIGN_IN, input));
    },
    refreshSession: async () => {
      ({ session } = await mutate(server, 'refreshSession', REFRESH, { refreshToken: session.refreshToken }));
    },
    updateProfile: async () => {
      await mutate(server, 'updateProfile', UPDATE, { name: `Name ${number++}` }, session.accessToken);
    },
  };
  // The first sign-in of a user hashes the password again, with the cheap settings.
  for (const _ of users) await send.signIn();
  return send;
}

async function mutate(server, field, query, input, token) {
  const { data, errors } = await post(server.port, { query, variables: { input } }, token);
  const payload = data?.[field];
  if (errors || payload.errors.length > 0) throw new Error(`${field}: ${JSON.stringify(errors ?? payload.errors)}`);
  return payload;
}

function post(port, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve(JSON.parse(text))).on('error', reject);
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}
