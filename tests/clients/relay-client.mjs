// Relay's runtime without React: an environment for the server under test, and the compiler's artifacts.

import { createRequire } from 'node:module';
import { commitMutation, createOperationDescriptor, fetchQuery, getSingularSelector } from 'relay-runtime';
import { Environment, Network, RecordSource, Store } from 'relay-runtime';
import { copyProject, runTool } from './project.mjs';

/** Compiles the Relay project. Returns the compiler's output, the artifacts by name, and the URL of the manifest. */
export async function compileRelay(name) {
  const folder = await copyProject('relay', name);
  const output = await runTool('relay-compiler', ['relay.config.json'], { cwd: folder });
  const load = createRequire(folder);
  const artifact = (of) => load(`./src/__generated__/${of}.graphql.js`);
  return { output, artifact, manifest: new URL('documents.json', folder) };
}

/** The page of an application that uses Relay. With `byId`, it sends the ids of documents instead of their text. */
export class RelayPage {
  constructor(url, accessToken, { byId = false } = {}) {
    const authorization = accessToken ? { authorization: `Bearer ${accessToken}` } : {};
    const network = Network.create(async ({ id, text }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body: JSON.stringify({ ...(byId ? { doc_id: id } : { query: text }), variables }),
      });
      return response.json();
    });
    this.environment = new Environment({ network, store: new Store(new RecordSource()) });
  }

  fetch(query, variables = {}) {
    this.environment.retain(createOperationDescriptor(query, variables));
    return fetchQuery(this.environment, query, variables).toPromise();
  }

  /** The current data of a fragment in the store. */
  read(fragment, entity) {
    return this.environment.lookup(getSingularSelector(fragment, entity)).data;
  }

  commit(mutation, variables) {
    return new Promise((onCompleted, onError) => {
      commitMutation(this.environment, { mutation, variables, onCompleted, onError });
    });
  }
}
