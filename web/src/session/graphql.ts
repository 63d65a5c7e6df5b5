// Sends one GraphQL request over HTTP and returns the response. Independent of tokens and React.

// Relative to the page, because a proxy may serve it below a path.
const ENDPOINT = 'graphql';

// Longer than the server's own time limit, so that the server's response arrives first.
const TIMEOUT_MS = 45_000;

export interface GraphQLRequest {
  query: string;
  variables?: unknown;
  operationName?: string | null | undefined;
}

export interface GraphQLResponse {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** A failure whose message can be shown to the user unchanged. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    /** `extensions.code` of the GraphQL error, if there was a response. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** Sends a request and returns the whole response, errors included; throws `RequestFailed` if there is none. */
export async function send(request: GraphQLRequest, headers?: HeadersInit): Promise<GraphQLResponse> {
  const all = new Headers(headers);
  all.set('content-type', 'application/json');
  all.set('accept', 'application/graphql-response+json, application/json;q=0.9');
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: all,
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new RequestFailed('The server cannot be reached. Check that it is running, then try again.');
  });
  return response.json().catch(() => {
    throw new RequestFailed(`The server returned status ${response.status} without JSON. Try again in a moment.`);
  });
}

/** Sends a request and returns its data; throws `RequestFailed` with the first error if there is one. */
export async function execute<Data>(query: string, variables: unknown, accessToken?: string): Promise<Data> {
  const response = await send({ query, variables }, accessToken ? bearer(accessToken) : {});
  const [error] = response.errors ?? [];
  if (error) throw new RequestFailed(error.message, error.extensions?.code ?? null);
  if (!response.data) throw new RequestFailed('The server returned no data. Try again in a moment.');
  return response.data as Data;
}

/** The header that authenticates the request (RFC 6750). */
export function bearer(accessToken: string): { Authorization: string } {
  return { Authorization: `Bearer ${accessToken}` };
}

/** Whether the request was unauthenticated: no token, or one that is no longer valid. */
export function isUnauthenticated(response: GraphQLResponse): boolean {
  return response.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED') ?? false;
}
