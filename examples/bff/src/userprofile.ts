// UserProfile as a subschema: types from schema.graphql, responses over HTTP, requested on behalf of the caller.

import { readFile } from 'node:fs/promises';
import { buildHTTPExecutor } from '@graphql-tools/executor-http';
import { buildSchema, GraphQLError, parse } from 'graphql';
import type { Arrival } from './context.js';

// Relative to dist/. A copy of this example needs a copy of the schema: GET /schema.graphql of a server returns it.
const SCHEMA = new URL('../../../schema.graphql', import.meta.url);

// The maximum number of ids that UserProfile accepts in one call.
const MAX_IDS = 100;

const FORWARDED = ['authorization', 'cookie', 'x-userprofile-session', 'user-agent', 'x-request-id'];

const VISIBLE = parse('query Visible($ids: [ID!]!) { workspaces(ids: $ids) { id } }');

interface Visible {
  workspaces: ({ id: string } | null)[];
}

export async function connectToUserProfile(url: string) {
  const executor = buildHTTPExecutor({
    endpoint: new URL('/graphql', url).href,
    headers: (request) => headersOf(request?.context),
    fetch: fetchWithCookies,
    // A response for one caller must not be reused for another.
    deduplicateInflightRequests: false,
  });
  const subschema = {
    schema: buildSchema(await readFile(SCHEMA, 'utf8')),
    executor,
    merge: {
      Workspace: {
        selectionSet: '{ id }',
        fieldName: 'workspaces',
        key: ({ id }: { id: string }) => id,
        argsFromKeys: (ids: readonly string[]) => ({ ids }),
        dataLoaderOptions: { maxBatchSize: MAX_IDS },
      },
    },
  };

  /** Which of these workspaces, at most 100, UserProfile shows to the caller. */
  async function visible(ids: string[], context: Arrival): Promise<Set<string>> {
    const response = await executor<Visible>({ document: VISIBLE, variables: { ids }, context });
    if (Symbol.asyncIterator in response) throw new Error('UserProfile returned a stream for a query.');
    const [error] = response.errors ?? [];
    // If UserProfile is unreachable, the original error has internal details: Yoga masks them.
    if (error) throw error.originalError ?? new GraphQLError(error.message, { extensions: error.extensions });
    return new Set(response.data?.workspaces.flatMap((workspace) => workspace?.id ?? []));
  }

  return { subschema, visible };
}

/** UserProfile limits failed attempts by the caller's address, so the headers contain it too. */
function headersOf({ request, req }: Arrival): Record<string, string> {
  const forwarded = FORWARDED.map((name) => [name, request.headers.get(name)]).filter(([, value]) => value);
  const addresses = [request.headers.get('x-forwarded-for'), req.socket.remoteAddress].filter(Boolean);
  return { ...Object.fromEntries(forwarded), 'x-forwarded-for': addresses.join(', ') };
}

/** Forwards the cookies of a session to the browser that signs in. */
async function fetchWithCookies(url: string, init?: RequestInit, arrival?: Arrival) {
  const response = await fetch(url, init);
  for (const cookie of response.headers.getSetCookie()) arrival?.res.appendHeader('set-cookie', cookie);
  return response;
}
