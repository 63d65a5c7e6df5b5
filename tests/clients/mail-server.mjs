// A mail server that accepts messages over TLS from authenticated clients, and a certificate authority for it.

import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { SMTPServer } from 'smtp-server';

const USER = 'userprofile';
const PASSWORD = 'only-for-mails';

const MAKE = fileURLToPath(new URL('../../scripts/certificate', import.meta.url));

/** Creates a certificate for localhost in the folder. `authority` is the path of the certificate of its issuer. */
export async function makeCertificate(folder) {
  execFileSync(MAKE, [folder], { stdio: 'pipe' });
  const [key, cert] = await Promise.all(['server.key', 'server.crt'].map((name) => readFile(join(folder, name))));
  return { authority: join(folder, 'authority.crt'), key, cert };
}

/**
 * Starts a server with implicit TLS or STARTTLS. `url` contains its address and the credentials. `mail` waits for the
 * first message: its text and recipients, the authenticated user, the client's EHLO name, and whether TLS was used.
 */
export async function startMailServer({ key, cert }, scheme) {
  const taken = new EventEmitter();
  const mail = once(taken, 'mail');
  const server = new SMTPServer({
    key,
    cert,
    secure: scheme === 'smtps',
    onAuth: ({ username, password }, session, done) =>
      username === USER && password === PASSWORD ? done(null, { user: USER }) : done(new Error('wrong password')),
    onData: async (stream, { secure, user, envelope, hostNameAppearsAs: greetedAs }, done) => {
      const recipients = envelope.rcptTo.map(({ address }) => address);
      taken.emit('mail', { secure, user, greetedAs, recipients, text: await text(stream) });
      done();
    },
  });
  // A client that does not trust the certificate disconnects; the test checks the client's log instead.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const url = `${scheme}://${USER}:${PASSWORD}@localhost:${server.server.address().port}`;
  return { url, mail: () => mail.then(([mail]) => mail), stop: () => new Promise((stopped) => server.close(stopped)) };
}
