// UserProfile as a subgraph of a federated graph: it composes with another subgraph, its entities are resolved from
// both sides, and the caller sees no more than with UserProfile alone.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { countCalls } from './counted-server.mjs';
import { address } from './environment.mjs';
import { makeBilling } from './federated-billing.mjs';
import { composeGraph } from './federated-graph.mjs';
import { ask, signIn } from './graphql-client.mjs';

const INVOICES = `query ($ids: [ID!]!) {
  invoices(ids: $ids) { payer { userId name } workspace { name monthlyCost } workspaceGroup { name monthlyCost } }
}`;

// The suffix of unknown ids.
const UNKNOWN = '000000000000';

describe('The federated graph of UserProfile and billing', () => {
  let upstream, graph, token, me, stranger;

  before(async () => {
    token = await signIn();
    me = await whoIs(token);
    stranger = await whoIs(await signIn('grace@bluebell.example'));
    upstream = await countCalls();
    graph = await composeGraph(new URL('/graphql', upstream.url).href, makeBilling(invoices()));
  });
  after(async () => {
    await graph?.stop();
    upstream?.close();
  });
  beforeEach(() => upstream.calls.splice(0));

  function invoices() {
    const [workspace] = me.workspaces.nodes;
    const [group] = me.workspaceGroups.nodes;
    return [
      { id: 'own', payer: me.id, workspace: workspace.id, workspaceGroup: group.id },
      { id: 'unseen', payer: stranger.id, workspace: unseen('workspaces'), workspaceGroup: unseen('workspaceGroups') },
      { id: 'unknown', payer: `user-${UNKNOWN}`, workspace: `workspace-${UNKNOWN}`, workspaceGroup: `wg-${UNKNOWN}` },
    ];
  }

  /** The id of an entity in the list that the stranger can see and the caller cannot. */
  function unseen(list) {
    const seen = new Set(me[list].nodes.map(({ id }) => id));
    return stranger[list].nodes.find(({ id }) => !seen.has(id)).id;
  }

  test('composes, with the fields of both subgraphs on the entities', () => {
    for (const [name, ...fields] of [
      ['User', 'userId', 'invoices'],
      ['Workspace', 'name', 'monthlyCost'],
      ['WorkspaceGroup', 'name', 'monthlyCost'],
    ]) {
      const all = graph.schema.getType(name).getFields();
      for (const field of fields) assert.ok(field in all, `${name}.${field}`);
    }
    const others = Object.keys(graph.schema.getQueryType().getFields());
    assert.deepEqual(others.sort(), ['invoices', 'me', 'node', 'nodes', 'workspaceGroups', 'workspaces']);
  });

  test('a query of UserProfile includes the fields that billing adds to the user and their workspaces', async () => {
    const { data, errors } = await graph.ask(
      `{ me {
        name
        invoices { nodes { id workspace { name } } pageInfo { hasNextPage } }
        workspaces(first: 1) { nodes { name monthlyCost } pageInfo { hasNextPage } }
      } }`,
      { token },
    );
    assert.equal(errors, undefined);
    const [{ id, name }] = me.workspaces.nodes;
    assert.deepEqual(data.me, {
      name: me.name,
      invoices: { nodes: [{ id: 'own', workspace: { name } }], pageInfo: { hasNextPage: false } },
      workspaces: { nodes: [{ name, monthlyCost: id.length }], pageInfo: { hasNextPage: true } },
    });
  });

  test('a query of billing includes the entities that the caller can see, and null for all others', async () => {
    const ids = ['unseen', 'own', 'unknown'];
    const { data, errors } = await graph.ask(INVOICES, { token, variables: { ids } });
    assert.equal(errors, undefined);
    const [workspace] = me.workspaces.nodes;
    const [group] = me.workspaceGroups.nodes;
    const nothing = { payer: null, workspace: null, workspaceGroup: null };
    const own = {
      payer: { userId: me.userId, name: me.name },
      workspace: { name: workspace.name, monthlyCost: workspace.id.length },
      workspaceGroup: { name: group.name, monthlyCost: group.id.length },
    };
    assert.deepEqual(data.invoices, [nothing, own, nothing]);
  });

  test('sends one request per entity type to UserProfile, on behalf of the caller', async () => {
    await graph.ask(INVOICES, { token, variables: { ids: ['unseen', 'own', 'unknown'] } });
    const asked = upstream.calls.map(({ variables }) => variables.representations.map(({ __typename }) => __typename));
    const three = (name) => [name, name, name];
    assert.deepEqual(asked.sort(), [three('User'), three('Workspace'), three('WorkspaceGroup')]);
    for (const { headers } of upstream.calls) assert.equal(headers.authorization, `Bearer ${token}`);
  });

  test('an unauthenticated query gets UNAUTHENTICATED for UserProfile, and the data of billing', async () => {
    const { data, errors } = await graph.ask('{ invoices(ids: ["own"]) { id payer { userId } } }');
    assert.deepEqual(data, { invoices: [{ id: 'own', payer: null }] });
    assert.deepEqual(errors.map(({ extensions }) => extensions.code), ['UNAUTHENTICATED']);
  });
});

async function whoIs(token) {
  const query = '{ me { id userId name workspaces { nodes { id name } } workspaceGroups { nodes { id name } } } }';
  const { data } = await ask(address('/graphql'), query, { token });
  return data.me;
}
