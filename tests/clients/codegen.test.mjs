// GraphQL Code Generator, with its client preset and with its plain plugins: the code that it generates from the schema
// compiles in strict mode, and works against the server.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { address } from './environment.mjs';
import { signIn } from './graphql-client.mjs';
import { copyProject, runTool } from './project.mjs';

const SOURCES = { introspection: address('/graphql'), sdl: 'schema.graphql' };

const projects = {};

for (const [name, schema] of Object.entries(SOURCES)) {
  test(`the code generated from ${name} compiles`, async () => {
    const cwd = await copyProject('codegen', `codegen-${name}`);
    await runTool('graphql-codegen', ['--config', 'codegen.ts'], { cwd, env: { SCHEMA: schema } });
    await runTool('tsc', [], { cwd });
    projects[name] = cwd;
  });
}

test('both generate the same code', async () => {
  const [ofIntrospection, ofSdl] = await Promise.all([projects.introspection, projects.sdl].map(generated));
  assert.equal(ofIntrospection, ofSdl);
});

describe('The compiled client', () => {
  let endpoint, profiles, lists;

  before(async () => {
    const built = (name) => import(new URL(`built/${name}.js`, projects.sdl));
    [profiles, lists] = await Promise.all([built('profile'), built('workspaces')]);
    endpoint = { url: address('/graphql'), accessToken: await signIn('jonas@bluebell.example') };
  });

  test('a query returns typed data', async () => {
    const { name, isAdministrator, since } = await profiles.profile(endpoint);
    assert.deepEqual([name, isAdministrator], ['Jonas Weber', false]);
    assert.ok(since < new Date());
  });

  test('a list is read page by page', async () => {
    const { names, total } = await lists.workspaceNames(endpoint, 1);
    assert.ok(total > 1);
    assert.equal(new Set(names).size, total);
  });

  test('a mutation returns its user errors with their codes', async () => {
    assert.deepEqual(await profiles.note(endpoint, { desk: [4, 2] }), { desk: [4, 2] });
    assert.equal(await profiles.note(endpoint, {}, 'Mars/Olympus'), 'invalid timezone');
    assert.deepEqual(await profiles.note(endpoint, {}), {});
  });
});

function generated(project) {
  return readFile(new URL('src/gql/graphql.ts', project), 'utf8');
}
