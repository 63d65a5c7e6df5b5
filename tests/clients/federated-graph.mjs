// A federated graph of two subgraphs, served by Apollo's gateway: UserProfile, asked by HTTP in the caller's name, and
// billing, in this process.

import { ApolloGateway, IntrospectAndCompose, LocalGraphQLDataSource, RemoteGraphQLDataSource } from '@apollo/gateway';
import { parse } from 'graphql';

class InTheCallersName extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    // There is no caller yet when the gateway fetches the schema.
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
  }
}

/**
 * Composes the graph of UserProfile at that address and that schema of billing; fails where they do not compose. `ask`
 * gives what the gateway answers.
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
      name === 'billing' ? new LocalGraphQLDataSource(billing) : new InTheCallersName({ url }),
  });
  const { executor, schema } = await gateway.load();
  async function ask(query, { variables = {}, token } = {}) {
    const request = { query, variables };
    const parsed = { document: parse(query), queryHash: query };
    const answer = await executor({ request, ...parsed, context: { token }, metrics: {} });
    // As it goes over the wire, where objects have the usual prototype and errors are data.
    return JSON.parse(JSON.stringify(answer));
  }
  return { ask, schema, stop: () => gateway.stop() };
}
