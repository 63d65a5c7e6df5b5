// The queries that wait in GraphiQL's tabs are valid against the schema that the server shows.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildClientSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { address } from './environment.mjs';
import { ask } from './graphql-client.mjs';

const QUERIES = new URL('../../web/src/graphiql/queries/', import.meta.url);

const schema = buildClientSchema(await introspect());
const files = (await readdir(QUERIES)).filter((name) => name.endsWith('.graphql'));

test('there are queries', () => assert.notEqual(files.length, 0));

for (const file of files) {
  test(file, async () => {
    const query = await readFile(new URL(file, QUERIES), 'utf8');
    assert.deepEqual(validate(schema, parse(query)), []);
  });
}

async function introspect() {
  const { data, errors } = await ask(address('/graphql'), getIntrospectionQuery());
  assert.ok(data, `the server refuses introspection: ${JSON.stringify(errors)}`);
  return data;
}
