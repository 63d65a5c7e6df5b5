// urql: queries by POST and GET, mutations, user errors and top-level errors, automatic persisted queries.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { Client, fetchExchange, gql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { address } from './environment.mjs';
import { signIn } from './graphql-client.mjs';
import { notingFetch } from './noting-fetch.mjs';

const ME = gql`
  query Me($first: Int) {
    me { userId workspaces(first: $first) { nodes { id name } } }
  }
`;

const NOTE = gql`
  mutation Note($input: UpdateProfileInput!) {
    updateProfile(input: $input) { user { tags } errors { code field } }
  }
`;

describe('urql', () => {
  let token;
  before(async () => (token = await signIn('sofia@bluebell.example')));

  const makeClient = (options = {}) =>
    new Client({
      url: address('/graphql'),
      exchanges: [fetchExchange],
      preferGetMethod: false,
      fetchOptions: () => ({ headers: { authorization: `Bearer ${token}` } }),
      ...options,
    });

  for (const [method, preferGetMethod] of [['POST', false], ['GET', 'force']]) {
    test(`queries are sent by ${method}`, async () => {
      const { fetch, sent } = notingFetch();
      const { data, error } = await makeClient({ fetch, preferGetMethod }).query(ME, { first: 1 });
      assert.equal(error?.message, undefined);
      assert.equal(data.me.userId, 'sofia@bluebell.example');
      assert.equal(data.me.workspaces.nodes.length, 1);
      assert.deepEqual(sent.map((request) => request.method), [method]);
    });
  }

  test('mutations are sent by POST, even if GET is preferred', async () => {
    const { fetch, sent } = notingFetch();
    const client = makeClient({ fetch, preferGetMethod: 'force' });
    const note = async (input) => (await client.mutation(NOTE, { input })).data.updateProfile;
    assert.deepEqual(await note({ tags: { floor: 3 } }), payload({ user: { tags: { floor: 3 } } }));
    assert.deepEqual(await note({ tags: {} }), payload({ user: { tags: {} } }));
    assert.deepEqual(sent.map(({ method }) => method), ['POST', 'POST']);
  });

  test('user errors are data', async () => {
    const { data, error } = await makeClient().mutation(NOTE, { input: { timezone: 'Mars/Olympus' } });
    assert.equal(error?.message, undefined);
    assert.deepEqual(data.updateProfile.errors, [{ code: 'INVALID', field: 'timezone' }]);
  });

  test('an unauthenticated query returns the code UNAUTHENTICATED', async () => {
    const { data, error } = await makeClient({ fetchOptions: {} }).query(ME, {});
    assert.equal(data.me, null);
    assert.equal(error.networkError, undefined);
    assert.deepEqual(error.graphQLErrors.map(({ extensions }) => extensions.code), ['UNAUTHENTICATED']);
  });

  for (const [method, preferGetForPersistedQueries] of [['POST', false], ['GET', 'force']]) {
    test(`automatic persisted queries work by ${method}`, async () => {
      const query = gql(`query Q${randomUUID().replaceAll('-', '')} { me { userId } }`);
      const ask = async () => {
        const { fetch, sent } = notingFetch();
        const exchanges = [persistedExchange({ preferGetForPersistedQueries }), fetchExchange];
        const { data, error } = await makeClient({ fetch, exchanges }).query(query, {});
        assert.equal(error?.message, undefined);
        assert.equal(data.me.userId, 'sofia@bluebell.example');
        return sent;
      };
      const unknown = await ask();
      assert.deepEqual(unknown.map(({ holdsQuery }) => holdsQuery), [false, true]);
      const known = await ask();
      assert.deepEqual(known.map((request) => [request.method, request.holdsQuery]), [[method, false]]);
    });
  }
});

function payload({ user = null, errors = [] }) {
  return { user, errors };
}
