// The example queries of GraphiQL are valid against the server's schema.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildClientSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { address } from './environment.mjs';
import { ask } from './graphql-client.mjs';

const QUERIES = new URL('../../web/src/graphiql/queries/', import.meta.url);

const schema = buildClientSchema(await introspect());
const files = (await readdir(QUERIES)).filter((name) => name.endsWith('.graphql'));

test('there are example queries', () => assert.notEqual(files.length, 0));

for (const file of files) {
  test(`${file} is valid`, async () => {
    const query = await readFile(new URL(file, QUERIES), 'utf8');
    assert.deepEqual(validate(schema, parse(query)), []);
  });
}

async function introspect() {
  const { data, errors } = await ask(address('/graphql'), getIntrospectionQuery());
  assert.ok(data, `introspection failed: ${JSON.stringify(errors)}`);
  return data;
}
