// Sends the requests of GraphiQL's editors.

import type { Fetcher } from '@graphiql/toolkit';
import type { GraphQLRequest, GraphQLResponse } from '../session/graphql';
import { bearer, isUnauthenticated, RequestFailed, send } from '../session/graphql';
import { renew } from '../session/session';
import { isOurs } from '../session/store';
import { bearerToken } from './authorization';

/** Sends the request; if this page's token has expired, once more with a new one. */
export const fetcher: Fetcher = async ({ query, variables, operationName }, options) => {
  const request = { query, variables, operationName };
  try {
    return await sendRenewing(request, options?.headers);
  } catch (failure) {
    if (failure instanceof RequestFailed) return { errors: [{ message: failure.message }] };
    throw failure;
  }
};

async function sendRenewing(request: GraphQLRequest, headers?: Record<string, string>): Promise<GraphQLResponse> {
  const response = await send(request, headers);
  const token = bearerToken(headers);
  if (token === null || !isOurs(token) || !isUnauthenticated(response)) return response;
  const renewed = await renew(token);
  if (renewed === null) return response;
  const fresh = new Headers(headers);
  fresh.set('authorization', bearer(renewed).Authorization);
  return send(request, fresh);
}
