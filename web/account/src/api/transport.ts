// Sends requests with the session's cookies, which no script can read. When the short-lived access token has expired, the
// session is refreshed, once for all requests in flight, and each request is repeated.

import { mayHaveSession, sessionEnded } from './session';

const TIMEOUT_MS = 45_000;

/** Relative to where the server is mounted. */
export const ENDPOINT = new URL('graphql', document.baseURI).href;

const HEADERS = {
  accept: 'application/graphql-response+json, application/json;q=0.9',
  'content-type': 'application/json',
  'x-userprofile-session': 'cookie',
};

let refreshes = 0;
let refreshing: Promise<boolean> | null = null;

/** `fetch` for the GraphQL client. */
export async function fetchInSession(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const before = refreshes;
  const response = await post(input, init);
  if (!(await isUnauthenticated(response))) return response;
  // The session may have been refreshed since this slow request was sent. If it cannot be found out whether it still can be,
  // the request fails, and the session stays.
  if (before === refreshes && !(mayHaveSession() && (await refreshOnce()))) {
    sessionEnded();
    return response;
  }
  return post(input, init);
}

function post(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, signal, headers: HEADERS });
}

async function isUnauthenticated(response: Response): Promise<boolean> {
  const body = (await response
    .clone()
    .json()
    .catch(() => null)) as { errors?: { extensions?: { code?: string } }[] } | null;
  return body?.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ?? false;
}

/** Whether the session could be refreshed. Tabs take turns, so that each refresh token is used once. */
function refreshOnce(): Promise<boolean> {
  refreshing ??= navigator.locks.request('userprofile-refresh', refresh).finally(() => (refreshing = null));
  return refreshing;
}

async function refresh(): Promise<boolean> {
  const query = 'mutation { refreshSession { session { expiresAt } } }';
  const response = await post(ENDPOINT, { method: 'POST', body: JSON.stringify({ query }) });
  const body = (await response.json()) as { data?: { refreshSession?: { session?: unknown } | null } | null };
  const payload = body.data?.refreshSession;
  if (!payload) throw new Error('The session could not be refreshed.');
  if (payload.session) refreshes += 1;
  return Boolean(payload.session);
}
