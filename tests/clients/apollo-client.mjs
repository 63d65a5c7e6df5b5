// Apollo Client without React, configured for this server as its documentation describes.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

/** A client of the server at `uri`. `links` run before the `HttpLink`, which gets `options`. */
export function makeClient(uri, token, { links = [], ...options } = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return new ApolloClient({
    link: ApolloLink.from([...links, new HttpLink({ uri, headers, ...options })]),
    cache: new InMemoryCache({
      possibleTypes: {
        Node: ['User', 'Workspace', 'WorkspaceGroup'],
        UserError: ['UpdateProfileError'],
      },
      typePolicies: {
        User: { fields: { workspaces: relayStylePagination(['workspaceGroupId', 'filter']) } },
      },
    }),
  });
}
