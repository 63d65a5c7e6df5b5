// The mailbox of the demo, which receives all messages of the server under test.

import assert from 'node:assert/strict';
import { address } from './environment.mjs';
import { PATIENCE_MS } from './patience.mjs';

/** Waits for a message to the address whose text matches the pattern, and returns the latest. */
export function mailTo(to, pattern = /(?:)/) {
  return look(to, (mails) => mails.find(({ text }) => pattern.test(text)));
}

/** Waits for a message to the address with a code other than `used`, and returns that code. */
export function mailedCode(to, used) {
  return look(to, (mails) => {
    const [code] = mails.flatMap(({ text }) => /^\d{6}$/m.exec(text) ?? []);
    return code !== used && code;
  });
}

/** Calls `find` with the messages to the address, latest first, until it returns something. */
async function look(to, find) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const response = await fetch(address('/dev/mailbox'), { headers: { accept: 'application/json' } });
    const found = find((await response.json()).filter((mail) => mail.to === to));
    if (found) return found;
    assert.ok(Date.now() < deadline, `no such message to ${to} arrived`);
  }
}
