// Sends one mutation over HTTP and returns the result as a code; `words.js` has a message for each code.

// Relative to the page, because a proxy may serve it below a path.
const ENDPOINT = 'graphql';

// Longer than the server's own time limit, so that the server's response arrives first.
const TIMEOUT_MS = 45_000;

/**
 * Sends a mutation with the payload `{ ok errors { message code } }`. Never throws. Returns `{ code: 'OK' }`, or the
 * server's first error unchanged, or `{ code }` for any other failure.
 */
export async function mutate(query, input) {
  const response = await post({ query, variables: { input } });
  if (!response) return { code: 'UNREACHABLE' };
  const body = await response.json().catch(() => null);
  const [payload] = Object.values(body?.data ?? {});
  if (payload?.ok) return { code: 'OK' };
  return payload?.errors?.[0] ?? { code: body?.errors?.[0]?.extensions?.code ?? 'FAILED' };
}

function post(body) {
  return fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => null);
}
