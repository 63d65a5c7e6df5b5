// Relay's runtime without React: an environment that asks the server under test, and what the compiler wrote for it.

import { createRequire } from 'node:module';
import { commitMutation, createOperationDescriptor, fetchQuery, getSingularSelector } from 'relay-runtime';
import { Environment, Network, RecordSource, Store } from 'relay-runtime';
import { copyProject, runTool } from './project.mjs';

/** Compiles the project of Relay; gives what was said, the artifacts by their names, and the manifest's address. */
export async function compileRelay(name) {
  const folder = await copyProject('relay', name);
  const said = await runTool('relay-compiler', ['relay.config.json'], { cwd: folder });
  const load = createRequire(folder);
  const artifact = (of) => load(`./src/__generated__/${of}.graphql.js`);
  return { said, artifact, manifest: new URL('documents.json', folder) };
}

/** What a page of an application does with Relay. With `byId` it sends the ids of documents, not their text. */
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

  /** What the store now has of that fragment, of the thing that some query found. */
  read(fragment, thing) {
    return this.environment.lookup(getSingularSelector(fragment, thing)).data;
  }

  commit(mutation, variables) {
    return new Promise((onCompleted, onError) => {
      commitMutation(this.environment, { mutation, variables, onCompleted, onError });
    });
  }
}
