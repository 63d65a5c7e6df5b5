// A federated graph of two subgraphs in Apollo's gateway: UserProfile, called over HTTP on behalf of the caller, and
// billing, in this process.

import { ApolloGateway, IntrospectAndCompose, LocalGraphQLDataSource, RemoteGraphQLDataSource } from '@apollo/gateway';
import { parse } from 'graphql';

class OnBehalfOfCaller extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    // When the gateway fetches the schema, there is no caller.
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
  }
}

/**
 * Composes the graph of UserProfile at `url` and the schema of billing; throws if they do not compose. `ask` returns
 * the response of the gateway.
 */
export async function composeGraph(url, billing) {
  const gateway = new ApolloGateway({
    supergraphSdl: new IntrospectAndCompose({
      subgraphs: [
        { name: 'userprofile', url },
        { name: 'billing', url: 'http://nowhere.invalid' },
      ],
    }),
    buildService: ({ name }) =>
      name === 'billing' ? new LocalGraphQLDataSource(billing) : new OnBehalfOfCaller({ url }),
  });
  const { executor, schema } = await gateway.load();
  async function ask(query, { variables = {}, token } = {}) {
    const request = { query, variables };
    const parsed = { document: parse(query), queryHash: query };
    const response = await executor({ request, ...parsed, context: { token }, metrics: {} });
    // As sent over HTTP: objects with the usual prototype, and errors as data.
    return JSON.parse(JSON.stringify(response));
  }
  return { ask, schema, stop: () => gateway.stop() };
}
