// The mailbox of the demo, where every mail of the server under test goes.

import assert from 'node:assert/strict';
import { address } from './environment.mjs';
import { PATIENCE_MS } from './patience.mjs';

/** The latest mail to that address, once there is one. */
export function mailTo(to) {
  return look(to, ([latest]) => latest);
}

/** The code in the latest mail to that address that has one, once there is one other than `used`. */
export function mailedCode(to, used) {
  return look(to, (mails) => {
    const [code] = mails.flatMap(({ text }) => /^\d{6}$/m.exec(text) ?? []);
    return code !== used && code;
  });
}

/** What `find` makes of the mails to that address, the latest first, once that is something. */
async function look(to, find) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const response = await fetch(address('/dev/mailbox'), { headers: { accept: 'application/json' } });
    const found = find((await response.json()).filter((mail) => mail.to === to));
    if (found) return found;
    assert.ok(Date.now() < deadline, `what is looked for among the mails to ${to} does not come`);
  }
}
