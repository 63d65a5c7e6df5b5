// Relay: its compiler accepts the schema without warnings, and its runtime queries, paginates, refetches, and mutates.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { before, beforeEach, describe, test } from 'node:test';
import { address } from './environment.mjs';
import { signIn } from './graphql-client.mjs';
import { compileRelay, RelayPage } from './relay-client.mjs';

describe('Relay', () => {
  let compiled, artifact, token, page, me;

  before(async () => {
    compiled = await compileRelay('relay');
    artifact = compiled.artifact;
    token = await signIn('priya@bluebell.example');
  });

  beforeEach(async () => {
    page = new RelayPage(address('/graphql'), token);
    ({ me } = await page.fetch(artifact('ProfileQuery')));
  });

  test('the compiler reports no warnings', () => {
    assert.match(compiled.output, /Compilation completed/);
    assert.doesNotMatch(compiled.output, /warn|error/i);
  });

  test('the manifest maps the digest of each document to its text', async () => {
    const documents = Object.entries(JSON.parse(await readFile(compiled.manifest, 'utf8')));
    assert.equal(documents.length, 5);
    for (const [id, text] of documents) assert.equal(id, createHash('sha256').update(text).digest('hex'));
  });

  test('a fragment is read', () => {
    const { name, roleType } = page.read(artifact('Profile_user'), me);
    assert.deepEqual({ name, roleType }, { name: 'Priya Raman', roleType: 'USER' });
  });

  test('a connection is paginated', async () => {
    const list = () => page.read(artifact('WorkspaceList_user'), me).workspaces;
    const { totalCount } = list();
    for (let read = 1; list().pageInfo.hasNextPage; read += 1) {
      assert.equal(list().edges.length, read);
      await page.fetch(artifact('WorkspaceListPageQuery'), { id: me.id, first: 1, after: list().pageInfo.endCursor });
    }
    assert.ok(totalCount > 1);
    assert.equal(new Set(list().edges.map(({ node }) => node.id)).size, totalCount);
  });

  test('an entity is refetched by its id', async () => {
    const [{ node: workspace }] = page.read(artifact('WorkspaceList_user'), me).workspaces.edges;
    const known = page.read(artifact('WorkspaceListRow_workspace'), workspace);
    const { node: again } = await page.fetch(artifact('WorkspaceListRowRefetchQuery'), { id: workspace.id });
    assert.deepEqual(page.read(artifact('WorkspaceListRow_workspace'), again), known);
  });

  test('a mutation updates the store', async () => {
    const note = (input) => page.commit(artifact('ProfileNoteMutation'), { input });
    await note({ tags: { shift: 'late' } });
    assert.deepEqual(page.read(artifact('Profile_user'), me).tags, { shift: 'late' });
    const { updateProfile } = await note({ timezone: 'Mars/Olympus' });
    assert.deepEqual(updateProfile.errors, [{ code: 'INVALID', field: 'timezone' }]);
    await note({ tags: {} });
    assert.deepEqual(page.read(artifact('Profile_user'), me).tags, {});
  });

  test('@throwOnFieldError throws if a field has an error', async () => {
    const unauthenticated = new RelayPage(address('/graphql'), 'upa_stale');
    await assert.rejects(unauthenticated.fetch(artifact('ProfileQuery')), /Unexpected response payload/);
  });
});
