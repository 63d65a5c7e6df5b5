// The GraphQL client of the sign-in, which reads nothing and so needs no cache.

import { Client, fetchExchange } from 'urql';
import { ENDPOINT, fetchInSession } from '../api/transport';

export const signInClient = new Client({
  url: ENDPOINT,
  fetch: fetchInSession,
  preferGetMethod: false,
  exchanges: [fetchExchange],
});
