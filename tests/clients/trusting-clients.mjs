// Clients with trusted documents: each generates its manifest, and then sends ids instead of documents.

import { readFile } from 'node:fs/promises';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';
import { makeClient } from './apollo-client.mjs';
import { START_SESSION, WHO_AM_I } from './apollo-client/src/documents.js';
import { copyProject, runTool } from './project.mjs';
import { compileRelay, RelayPage } from './relay-client.mjs';

/** By name, functions that set up a client: the URL of its `manifest`, and `whoAmI(url, byId, credentials)`. */
export const MAKERS = { 'Code Generator': codegen, Relay: relay, 'Apollo Client': apollo };

async function codegen() {
  const project = await copyProject('codegen', 'documents-codegen');
  await runTool('graphql-codegen', ['--config', 'codegen.ts'], { cwd: project, env: { SCHEMA: 'schema.graphql' } });
  await runTool('tsc', [], { cwd: project });
  const [{ signIn }, { profile }] = await Promise.all(
    ['session', 'profile'].map((name) => import(new URL(`built/${name}.js`, project))),
  );
  return {
    manifest: new URL('src/gql/persisted-documents.json', project),
    whoAmI: async (url, byId, credentials) => (await profile(await signIn({ url, byId }, credentials))).id,
  };
}

async function relay() {
  const { artifact, manifest } = await compileRelay('documents-relay');
  const whoAmI = async (url, byId, input) => {
    const { signIn } = await new RelayPage(url, undefined, { byId }).commit(artifact('SignInMutation'), { input });
    const { me } = await new RelayPage(url, signIn.session.accessToken, { byId }).fetch(artifact('ProfileQuery'));
    return me.id;
  };
  return { manifest, whoAmI };
}

async function apollo() {
  const project = await copyProject('apollo-client', 'documents-apollo');
  await runTool('generate-persisted-query-manifest', [], { cwd: project });
  const manifest = new URL('persisted-query-manifest.json', project);
  const loadManifest = async () => JSON.parse(await readFile(manifest, 'utf8'));
  const whoAmI = async (url, byId, input) => {
    const links = byId ? [new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest }))] : [];
    const unauthenticated = makeClient(url, undefined, { links });
    const { data } = await unauthenticated.mutate({ mutation: START_SESSION, variables: { input } });
    const client = makeClient(url, data.signIn.session.accessToken, { links });
    return (await client.query({ query: WHO_AM_I })).data.me.id;
  };
  return { manifest, whoAmI };
}
