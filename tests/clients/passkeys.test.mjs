// Passkeys in a browser, with its virtual authenticator.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { editorIsThere, launch, openPage } from './browser.mjs';
import { required } from './environment.mjs';
import { importInto, startPlainServer } from './own-server.mjs';
import { addAuthenticator, Passkeys } from './passkeys.mjs';
import { totp } from './totp.mjs';

// A database may have the users of an earlier run.
const DOMAIN = `domain-keys-${Date.now()}`;
const PASSWORD = 'Lantern-of-paper-7';
const PEOPLE = [
  { kind: 'domain', domain_id: DOMAIN, name: 'keys' },
  // One user per test, so that none meets the passkeys of another.
  ...['ann', 'bob', 'cleo', 'dan', 'eve', 'finn', 'gus'].map((user_id) => ({
    kind: 'user',
    domain_id: DOMAIN,
    user_id,
    name: user_id.toUpperCase(),
    password: PASSWORD,
  })),
];

const DATABASES = {
  SQLite: {},
  PostgreSQL: {
    DATABASE_URL: required('TEST_DATABASE_URL'),
    USERPROFILE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  },
};

for (const [name, database] of Object.entries(DATABASES)) describe(`Passkeys on ${name}`, () => {
  let browser;
  let folder;
  let server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'userprofile-'));
    importInto(folder, await peopleIn(folder), database);
    server = await startPlainServer(folder, { USERPROFILE_LOG_FORMAT: 'json', ...database });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  /** GraphiQL on `localhost`, with an authenticator, and the passkeys of a user who is signed in with a password. */
  async function open(userId) {
    const url = server.url.replace('127.0.0.1', 'localhost');
    const visitor = await openPage(browser, url);
    await visitor.page.goto(`${url}/graphql`);
    await editorIsThere(visitor.page);
    const authenticator = await addAuthenticator(visitor.page);
    const passkeys = new Passkeys(visitor.page);
    await passkeys.signInWithPassword({ domainId: DOMAIN, userId, password: PASSWORD });
    return { ...visitor, authenticator, passkeys };
  }

  test('a passkey is added, renamed, used with and without a user id, and removed', async () => {
    const { passkeys, problems } = await open('ann');
    const { passkey } = await passkeys.add('Laptop');
    assert.equal(passkey.name, 'Laptop');
    assert.deepEqual(passkey.transports, ['internal']);
    const renamed = await passkeys.mutate('renamePasskey', { id: passkey.id, name: 'Old laptop' }, 'passkey { name }');
    assert.equal(renamed.passkey.name, 'Old laptop');
    for (const input of [{}, { domainId: DOMAIN, userId: 'ann' }]) {
      const { session, errors } = await passkeys.signIn(input);
      assert.deepEqual(errors, []);
      assert.equal(await passkeys.whoAmI(session.accessToken), 'ann');
    }
    assert.deepEqual((await passkeys.mutate('removePasskey', { id: passkey.id }, 'user { id }')).errors, []);
    assert.deepEqual(codes(await passkeys.signIn({})), ['INVALID_PASSKEY']);
    assert.deepEqual(problems, []);
  });

  test('GraphiQL signs in with a passkey', async () => {
    const { page, passkeys, problems } = await open('bob');
    await passkeys.add();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('Signed in as').waitFor();
    assert.match(await page.getByText('Signed in as').innerText(), /BOB/);
    assert.deepEqual(problems, []);
  });

  test('GraphiQL says where passkeys can be used', async () => {
    const { page } = await openPage(browser, server.url);
    await page.goto(`${server.url}/graphql`);
    await editorIsThere(page);
    await addAuthenticator(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('Passkeys belong to localhost. Open this page there.').waitFor();
  });

  test('a passkey renews the authentication of the session, without a password', async () => {
    const { passkeys, problems } = await open('cleo');
    await passkeys.add();
    const { user, errors } = await passkeys.reauthenticate({ domainId: DOMAIN, userId: 'cleo' });
    assert.deepEqual(errors, []);
    assert.equal(user.userId, 'cleo');
    assert.deepEqual(problems, []);
  });

  test('a passkey replaces the factor', async () => {
    const { passkeys, problems } = await open('dan');
    await passkeys.add();
    const { otp } = await passkeys.mutate('enableMfa', { mfaType: 'OTP' }, 'otp { secret }');
    const { errors } = await passkeys.mutate('confirmMfa', { verifyCode: totp(otp.secret) }, 'recoveryCodes');
    assert.deepEqual(errors, []);
    const credentials = { domainId: DOMAIN, userId: 'dan', password: PASSWORD };
    const { mfaChallenge } = await passkeys.mutate('signIn', credentials, 'mfaChallenge { token passkeyOptions }');
    const credential = await passkeys.get(mfaChallenge.passkeyOptions);
    const input = { challengeToken: mfaChallenge.token, credential };
    const { session } = await passkeys.mutate('confirmSignIn', input, 'session { accessToken }');
    assert.equal(await passkeys.whoAmI(session.accessToken), 'dan');
    assert.deepEqual(problems, []);
  });

  test('a bogus signature, a missing verification, and a replayed challenge are refused', async () => {
    const { authenticator, passkeys } = await open('eve');
    await authenticator.override({ isBadUV: true });
    assert.deepEqual(codes(await passkeys.add()), ['INVALID_PASSKEY']);
    await authenticator.override({ isBadUV: false });
    assert.deepEqual(codes(await passkeys.add()), []);
    await authenticator.override({ isBadUV: true });
    assert.deepEqual(codes(await passkeys.signIn({})), ['INVALID_PASSKEY']);
    await authenticator.override({ isBadUV: false, isBogusSignature: true });
    assert.deepEqual(codes(await passkeys.signIn({})), ['INVALID_PASSKEY']);
    await authenticator.override({ isBadUV: false, isBogusSignature: false });

    const { challenge } = await passkeys.mutate('startPasskeySignIn', {}, 'challenge { token options }');
    const input = { challengeToken: challenge.token, credential: await passkeys.get(challenge.options) };
    const confirm = () => passkeys.mutate('confirmPasskeySignIn', input, 'session { accessToken }');
    const outcomes = await Promise.all([confirm(), confirm()]);
    assert.equal(outcomes.filter(({ session }) => session).length, 1, JSON.stringify(outcomes));
    assert.deepEqual(codes(await confirm()), ['INVALID_TOKEN']);
  });

  test('a copy of a passkey is refused', async () => {
    const { authenticator, passkeys } = await open('finn');
    await passkeys.add();
    const copy = await authenticator.credential();
    assert.deepEqual((await passkeys.signIn({})).errors, []);
    assert.deepEqual((await passkeys.signIn({})).errors, []);
    await authenticator.replace(copy);
    assert.deepEqual(codes(await passkeys.signIn({})), ['INVALID_PASSKEY']);
    const events = await passkeys.ask('{ me { securityEvents(first: 1) { nodes { type } } } }');
    assert.equal(events.data.me.securityEvents.nodes[0].type, 'PASSKEY_REFUSED');
  });

  test('a page of another origin is refused', async () => {
    const other = await startPlainServer(folder, {
      USERPROFILE_LOG_FORMAT: 'json',
      USERPROFILE_PUBLIC_URL: 'http://localhost:1',
      ...database,
    });
    try {
      const url = other.url.replace('127.0.0.1', 'localhost');
      const { page } = await openPage(browser, url);
      await page.goto(`${url}/graphql`);
      await addAuthenticator(page);
      const passkeys = new Passkeys(page);
      await passkeys.signInWithPassword({ domainId: DOMAIN, userId: 'gus', password: PASSWORD });
      assert.deepEqual(codes(await passkeys.add()), ['INVALID_PASSKEY']);
    } finally {
      await other.stop();
    }
  });
});

async function peopleIn(folder) {
  const file = join(folder, 'people.jsonl');
  await writeFile(file, PEOPLE.map((line) => JSON.stringify(line)).join('\n'));
  return file;
}

const codes = ({ errors }) => errors.map(({ code }) => code);
