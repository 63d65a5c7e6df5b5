// Relay: its compiler takes the schema without a warning, and its runtime reads, pages, refetches and mutates.

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

  test('compiles without a warning', () => {
    assert.match(compiled.said, /Compilation completed/);
    assert.doesNotMatch(compiled.said, /warn|error/i);
  });

  test('persists each document under its digest', async () => {
    const documents = Object.entries(JSON.parse(await readFile(compiled.manifest, 'utf8')));
    assert.equal(documents.length, 5);
    for (const [id, text] of documents) assert.equal(id, createHash('sha256').update(text).digest('hex'));
  });

  test('reads a fragment', () => {
    const { name, roleType } = page.read(artifact('Profile_user'), me);
    assert.deepEqual({ name, roleType }, { name: 'Priya Raman', roleType: 'USER' });
  });

  test('pages through a connection', async () => {
    const list = () => page.read(artifact('WorkspaceList_user'), me).workspaces;
    const { totalCount } = list();
    for (let read = 1; list().pageInfo.hasNextPage; read += 1) {
      assert.equal(list().edges.length, read);
      await page.fetch(artifact('WorkspaceListPageQuery'), { id: me.id, first: 1, after: list().pageInfo.endCursor });
    }
    assert.ok(totalCount > 1);
    assert.equal(new Set(list().edges.map(({ node }) => node.id)).size, totalCount);
  });

  test('fetches one thing again by its id', async () => {
    const [{ node: workspace }] = page.read(artifact('WorkspaceList_user'), me).workspaces.edges;
    const known = page.read(artifact('WorkspaceListRow_workspace'), workspace);
    const { node: again } = await page.fetch(artifact('WorkspaceListRowRefetchQuery'), { id: workspace.id });
    assert.deepEqual(page.read(artifact('WorkspaceListRow_workspace'), again), known);
  });

  test('mutates, and what is shown follows', async () => {
    const note = (input) => page.commit(artifact('ProfileNoteMutation'), { input });
    await note({ tags: { shift: 'late' } });
    assert.deepEqual(page.read(artifact('Profile_user'), me).tags, { shift: 'late' });
    const { updateProfile } = await note({ timezone: 'Mars/Olympus' });
    assert.deepEqual(updateProfile.errors, [{ code: 'INVALID', field: 'timezone' }]);
    await note({ tags: {} });
    assert.deepEqual(page.read(artifact('Profile_user'), me).tags, {});
  });

  test('throws where a field has an error in place of a value', async () => {
    const nobody = new RelayPage(address('/graphql'), 'upa_stale');
    await assert.rejects(nobody.fetch(artifact('ProfileQuery')), /Unexpected response payload/);
  });
});
