// Apollo Client: cache, mutations, user errors and top-level errors, pagination, GET, automatic persisted queries.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { before, beforeEach, describe, test } from 'node:test';
import { CombinedGraphQLErrors, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { filter, firstValueFrom, map } from 'rxjs';
import { makeClient } from './apollo-client.mjs';
import { KEEP_TAGS, ENTITY, WHO_AM_I, WORKSPACES } from './apollo-client/src/documents.js';
import { address } from './environment.mjs';
import { signIn } from './graphql-client.mjs';
import { notingFetch } from './noting-fetch.mjs';

const URI = address('/graphql');
const USER_ID = 'tomas@bluebell.example';

describe('Apollo Client', () => {
  let token, client, noted;

  before(async () => (token = await signIn(USER_ID)));
  beforeEach(() => {
    noted = notingFetch();
    client = makeClient(URI, token, { fetch: noted.fetch });
  });

  test('the second query is served from the cache', async () => {
    for (const round of [1, 2]) {
      const { data } = await client.query({ query: WHO_AM_I });
      assert.equal(data.me.userId, USER_ID, `round ${round}`);
    }
    assert.equal(noted.sent.length, 1);
  });

  test('a mutation updates the cache', async () => {
    const tags = () => client.readQuery({ query: WHO_AM_I }).me.tags;
    const note = (input) => client.mutate({ mutation: KEEP_TAGS, variables: { input } });
    await client.query({ query: WHO_AM_I });
    await note({ tags: { team: 'tools' } });
    assert.deepEqual(tags(), { team: 'tools' });
    const { data } = await note({ timezone: 'Mars/Olympus' });
    const [{ code, field }] = data.updateProfile.errors;
    assert.deepEqual({ code, field }, { code: 'INVALID', field: 'timezone' });
    await note({ tags: {} });
    assert.deepEqual(tags(), {});
  });

  test('the pages of a connection are merged', { timeout: 10_000 }, async (context) => {
    const list = client.watchQuery({ query: WORKSPACES, variables: { first: 1 } });
    const subscription = list.subscribe();
    context.after(() => subscription.unsubscribe());
    const shown = list.pipe(map(({ data }) => data?.me.workspaces));
    const grownTo = (count) => firstValueFrom(shown.pipe(filter((workspaces) => workspaces?.edges.length === count)));
    let workspaces = await grownTo(1);
    while (workspaces.pageInfo.hasNextPage) {
      await list.fetchMore({ variables: { after: workspaces.pageInfo.endCursor } });
      workspaces = await grownTo(workspaces.edges.length + 1);
    }
    assert.ok(workspaces.totalCount > 1);
    assert.equal(new Set(workspaces.edges.map(({ node }) => node.id)).size, workspaces.totalCount);
    assert.equal(noted.sent.length, workspaces.totalCount);
  });

  test('a fragment matches a type that implements Node', async () => {
    const { data } = await client.query({ query: WORKSPACES, variables: { first: 1 } });
    const [{ node }] = data.me.workspaces.edges;
    const { data: found } = await client.query({ query: ENTITY, variables: { id: node.id } });
    assert.equal(found.node.name, node.name);
  });

  test('an unauthenticated query throws an error with the code UNAUTHENTICATED', async () => {
    await assert.rejects(makeClient(URI).query({ query: WHO_AM_I }), (error) => {
      assert.ok(CombinedGraphQLErrors.is(error));
      assert.deepEqual(error.errors.map(({ extensions }) => extensions.code), ['UNAUTHENTICATED']);
      return true;
    });
  });

  test('queries are sent by GET, mutations by POST', async () => {
    const byGet = makeClient(URI, token, { fetch: noted.fetch, useGETForQueries: true });
    const { data } = await byGet.query({ query: WORKSPACES, variables: { first: 1 } });
    assert.equal(data.me.workspaces.edges.length, 1);
    await byGet.mutate({ mutation: KEEP_TAGS, variables: { input: {} } });
    assert.deepEqual(noted.sent.map(({ method }) => method), ['GET', 'POST']);
  });

  for (const [method, useGETForHashedQueries] of [['POST', false], ['GET', true]]) {
    test(`automatic persisted queries work by ${method}`, async () => {
      const query = gql(`query Q${randomUUID().replaceAll('-', '')} { me { id userId } }`);
      const ask = async () => {
        const { fetch, sent } = notingFetch();
        const links = [new PersistedQueryLink({ sha256, useGETForHashedQueries })];
        const { data } = await makeClient(URI, token, { fetch, links }).query({ query });
        assert.equal(data.me.userId, USER_ID);
        return sent;
      };
      const unknown = await ask();
      assert.deepEqual(unknown.map(({ holdsQuery }) => holdsQuery), [false, true]);
      const known = await ask();
      assert.deepEqual(known.map((request) => [request.method, request.holdsQuery]), [[method, false]]);
    });
  }
});

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
