// Apollo Client without React, as an application sets it up for this server.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

/** A client of that server. `links` come before the one that asks it; `options` are those of `HttpLink`. */
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
