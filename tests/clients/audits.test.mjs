// Conformance to the GraphQL over HTTP specification: every audit of graphql-http must pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { address } from './environment.mjs';

const EXPECTED = 61;

const audits = serverAudits({ url: address('/graphql'), fetchFn: fetch });
let ran = 0;

test('the number of audits is unchanged', () => {
  assert.equal(audits.length, EXPECTED);
});

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    ran += 1;
    assert.equal(result.status, 'ok', await explain(result));
  });
}

test('every audit ran', () => {
  assert.equal(ran, EXPECTED);
});

async function explain({ reason, response }) {
  if (!response) return reason;
  const body = response.bodyUsed ? '' : `: ${await response.text()}`;
  return `${reason} (status ${response.status}, ${response.headers.get('content-type')}${body})`;
}
