// Messages are sent over TLS only, to a mail server with a trusted certificate, and with a password.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from './graphql-client.mjs';
import { makeCertificate, startMailServer } from './mail-server.mjs';
import { importInto, startPlainServer } from './own-server.mjs';

const PEOPLE = [
  { kind: 'domain', domain_id: 'domain-mail', name: 'mail' },
  // One user per test, because a user gets at most one such message per minute.
  ...['ann', 'bob', 'cleo', 'dan'].map((name) => ({
    kind: 'user',
    domain_id: 'domain-mail',
    user_id: name,
    email: `${name}@example.com`,
    email_verified: true,
    password: 'Lantern-of-paper-7',
  })),
];
const RESET_PASSWORD = `mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { ok errors { code message } }
}`;

let folder, certificate;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'userprofile-'));
  certificate = await makeCertificate(folder);
  const people = join(folder, 'people.jsonl');
  await writeFile(people, PEOPLE.map((line) => JSON.stringify(line)).join('\n'));
  importInto(folder, people);
});
after(() => rm(folder, { recursive: true }));

// The default name in EHLO is the host of USERPROFILE_PUBLIC_URL.
for (const [scheme, trusting, doubting, greeting, greetedAs] of [
  ['smtp+starttls', 'ann', 'bob', {}, 'localhost'],
  ['smtps', 'cleo', 'dan', { USERPROFILE_SMTP_HELO_NAME: 'mail-out.example.com' }, 'mail-out.example.com'],
]) {
  describe(`With ${scheme}://`, () => {
    test('a message is sent over TLS by an authenticated client', async () => {
      const settings = { SSL_CERT_FILE: certificate.authority, ...greeting };
      await withServers(scheme, settings, trusting, async ({ mails }) => {
        const { text, ...how } = await mails.mail();
        const recipients = [`${trusting}@example.com`];
        assert.deepEqual(how, { secure: true, user: 'userprofile', greetedAs, recipients });
        assert.match(text, /^From: UserProfile <no-reply@example\.com>/m);
        assert.match(text, /#token=/);
      });
    });

    test('no message is sent to a server with an untrusted certificate', async () => {
      await withServers(scheme, {}, doubting, async ({ logged }) => {
        const line = await logged(({ message }) => message === 'a message was not sent; it will be retried');
        assert.match(line.reason, /certificate/);
        assert.equal(line.level, 'ERROR');
        assert.match(line.advice, /SMTP_URL/);
      });
    });
  });
}

/** Starts both servers, and requests a password reset for the user, which sends a message. */
async function withServers(scheme, settings, userId, use) {
  const mails = await startMailServer(certificate, scheme);
  const server = await startPlainServer(folder, {
    SMTP_URL: mails.url,
    MAIL_FROM: 'UserProfile <no-reply@example.com>',
    USERPROFILE_PUBLIC_URL: 'http://localhost',
    ...settings,
  });
  try {
    const variables = { input: { domainId: 'domain-mail', userId } };
    const { data } = await ask(`${server.url}/graphql`, RESET_PASSWORD, { variables });
    assert.deepEqual(data.resetPassword, { ok: true, errors: [] });
    await use({ mails, logged: server.logged });
  } finally {
    await server.stop();
    await mails.stop();
  }
}
