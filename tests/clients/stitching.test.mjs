// The backend-for-frontend of examples/bff: the number of requests to UserProfile, their credentials, and access
// control.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { START, startBff } from './bff.mjs';
import { countCalls } from './counted-server.mjs';
import { ask as post, credentials, signIn, SIGN_IN } from './graphql-client.mjs';

const README = new URL('../../examples/bff/README.md', import.meta.url);

// Sees all workspaces of the domain; the user of the README sees some of them.
const ADMIN = 'grace@bluebell.example';

const INVOICES = `query ($ids: [ID!]!) {
  invoices(ids: $ids) { id total { cents } workspace { id name } }
}`;

describe('The stitched schema', () => {
  let upstream, bff, token, workspaces;
  const ask = (query, options) => post(bff.url, query, options);

  before(async () => {
    upstream = await countCalls();
    bff = await startBff(upstream.url);
    token = await signIn(ADMIN);
    const { data } = await ask('{ me { workspaces(first: 10) { nodes { id name } } } }', { token });
    workspaces = data.me.workspaces.nodes;
    assert.equal(workspaces.length, 10);
  });
  after(async () => {
    await bff?.stop();
    upstream?.close();
  });
  beforeEach(() => upstream.calls.splice(0));

  test('fetches all workspaces of invoices in one request, after one that checks which are visible', async () => {
    const unknown = ['workspace-000000000000', 'workspace-ffffffffffff'];
    const ids = [unknown[0], ...workspaces.map(({ id }) => id).reverse(), unknown[1]];
    const { data, errors } = await ask(INVOICES, { token, variables: { ids: ids.map(invoiceOf) } });
    assert.equal(errors, undefined);
    const expected = ids.map((id) => workspaces.find((workspace) => workspace.id === id) ?? null);
    assert.deepEqual(data.invoices.map((invoice) => invoice && invoice.workspace), expected);

    const [visible, merge, ...others] = upstream.calls;
    assert.deepEqual(others, []);
    assert.deepEqual(Object.values(visible.variables), [ids]);
    assert.match(merge.query, /workspaces\(ids: *\$\w+\) *\{\s*name\s*\}/);
    assert.deepEqual(Object.values(merge.variables), [ids.slice(1, -1)]);
  });

  test('costs of workspaces need no further request', async () => {
    const query = '{ me { workspaces(first: 10) { nodes { name monthlyCost { cents } invoices { month } } } } }';
    const { data, errors } = await ask(query, { token });
    assert.equal(errors, undefined);
    assert.deepEqual(data.me.workspaces.nodes.map(({ name }) => name), workspaces.map(({ name }) => name));
    for (const { monthlyCost, invoices } of data.me.workspaces.nodes) {
      assert.ok(monthlyCost.cents > 0);
      assert.deepEqual(invoices, [{ month: '2026-10' }, { month: '2026-09' }]);
    }
    assert.equal(upstream.calls.length, 1);
  });

  test('resolves a workspace, its invoices, and their workspace', async () => {
    const query = 'query ($ids: [ID!]!) { workspaces(ids: $ids) { invoices { workspace { name } } } }';
    const [{ id, name }] = workspaces;
    const { data, errors } = await ask(query, { token, variables: { ids: ['workspace-000000000000', id] } });
    assert.equal(errors, undefined);
    const back = { workspace: { name } };
    assert.deepEqual(data.workspaces, [null, { invoices: [back, back] }]);
  });

  test('an invoice is visible only to users who can see its workspace', async () => {
    const query = '{ me { workspaces { nodes { id } } } }';
    const own = await signIn();
    const { data: mine } = await ask(query, { token: own });
    const seen = new Set(mine.me.workspaces.nodes.map(({ id }) => id));
    const ids = workspaces.map(({ id }) => id);
    const { data, errors } = await ask(INVOICES, { token: own, variables: { ids: ids.map(invoiceOf) } });
    assert.equal(errors, undefined);
    const shown = ids.filter((id) => seen.has(id));
    assert.ok(shown.length > 0 && shown.length < ids.length);
    assert.deepEqual(data.invoices.flatMap((invoice) => invoice?.workspace.id ?? []), shown);

    const unseen = ids.find((id) => !seen.has(id));
    const one = await ask(`{ invoice(id: "${invoiceOf(unseen)}") { total { cents } } }`, { token: own });
    assert.deepEqual([one.data, one.errors], [{ invoice: null }, undefined]);
  });

  test('an unauthenticated query gets the error of UserProfile', async () => {
    const { data, errors } = await ask(`{ invoice(id: "${invoiceOf(workspaces[0].id)}") { total { cents } } }`);
    assert.deepEqual(data, { invoice: null });
    assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [[['invoice'], 'UNAUTHENTICATED']]);
  });

  test('fields for the gateway are not in the schema', async () => {
    const { errors } = await ask('{ _workspaces(ids: ["workspace-000000000000"]) { invoices { id } } }', { token });
    assert.equal(errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(upstream.calls.length, 0);
  });

  test("forwards the caller's address and user agent", async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'a browser' };
    await ask('{ me { id } }', { token, headers });
    const [call] = upstream.calls;
    assert.equal(call.headers['x-forwarded-for'], '203.0.113.7, 127.0.0.1');
    assert.equal(call.headers['user-agent'], 'a browser');
  });

  test('sign-in with cookies works', async () => {
    const headers = { 'x-userprofile-session': 'cookie' };
    const signedIn = await ask(SIGN_IN, { headers, variables: { input: credentials(ADMIN) } });
    assert.deepEqual(signedIn.data.signIn, { session: { accessToken: null }, errors: [] });
    const cookies = signedIn.cookies.map((cookie) => cookie.split(';')[0]);
    assert.deepEqual(cookies.map((cookie) => cookie.split('=')[0]).sort(), ['__Host-upa', '__Host-upr']);
    const { data } = await ask('{ me { userId } }', { headers: { ...headers, cookie: cookies.join('; ') } });
    assert.equal(data.me.userId, ADMIN);
  });

  test('pages of other origins are not allowed', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const preflight = await fetch(bff.url, { method: 'OPTIONS', headers });
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
  });

  test('exits with a message if its port is in use', async () => {
    const { port } = new URL(upstream.url);
    const { code, stderr } = await promisify(execFile)(START, ['--port', port]).catch((error) => error);
    assert.equal(stderr, `Cannot listen on port ${port}: it is in use. Choose another one with --port.\n`);
    assert.equal(code, 1);
  });

  test('the query of the README returns the documented response', async () => {
    const readme = await readFile(README, 'utf8');
    const block = (language) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(readme)[1];
    const { data, errors } = await ask(block('graphql'), { token: await signIn() });
    assert.equal(errors, undefined);
    assert.deepEqual({ data }, JSON.parse(block('json')));
  });
});

function invoiceOf(workspaceId) {
  return `invoice-2026-10-${workspaceId}`;
}
