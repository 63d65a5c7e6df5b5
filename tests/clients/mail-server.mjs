// A mail server that takes mails over TLS from whoever signs in, and an authority that vouches for it.

import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

const USER = 'userprofile';
const PASSWORD = 'only-for-mails';

const CONFIGURATION = `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
[server]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth
`;

/** An authority, and a certificate of its for localhost, as files in that folder. `authority` is the path of the first. */
export async function makeCertificate(folder) {
  const openssl = (command) => execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' });
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  await writeFile(join(folder, 'tls.cnf'), CONFIGURATION);
  openssl(`req -x509 -config tls.cnf -extensions authority ${newKey} -subj /CN=authority -keyout ca.key -out ca.crt`);
  openssl(`req -new -config tls.cnf ${newKey} -subj /CN=localhost -keyout server.key -out server.csr`);
  openssl('x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile tls.cnf -extensions server -out server.crt');
  const [key, cert] = await Promise.all(['server.key', 'server.crt'].map((name) => readFile(join(folder, name))));
  return { authority: join(folder, 'ca.crt'), key, cert };
}

/**
 * Starts one that speaks TLS from the start, or by STARTTLS. Its `url` says how to reach it and as whom; `mail` waits for
 * the first mail: its text, its recipients, who sent it, and whether that was over TLS.
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
    onData: async (stream, { secure, user, envelope }, done) => {
      const recipients = envelope.rcptTo.map(({ address }) => address);
      taken.emit('mail', { secure, user, recipients, text: await text(stream) });
      done();
    },
  });
  // A client that does not trust the certificate hangs up; that is told by the client.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const url = `${scheme}://${USER}:${PASSWORD}@localhost:${server.server.address().port}`;
  return { url, mail: () => mail.then(([mail]) => mail), stop: () => new Promise((stopped) => server.close(stopped)) };
}
