// Sends one mutation over HTTP and says in a code what came of it; `words.js` has a sentence for each.

// Beside the page, wherever a proxy has put that.
const ENDPOINT = 'graphql';

// Longer than the server itself gives a request, so that its own answer comes first.
const PATIENCE_MS = 45_000;

/**
 * Sends a mutation that answers `{ ok errors { message code } }`. Never throws: what comes back is `{ code: 'OK' }`, or
 * the first refusal as the server gave it, or `{ code }` of whatever else stood in the way.
 */
export async function mutate(query, input) {
  const response = await post({ query, variables: { input } });
  if (!response) return { code: 'UNREACHABLE' };
  const answer = await response.json().catch(() => null);
  const [payload] = Object.values(answer?.data ?? {});
  if (payload?.ok) return { code: 'OK' };
  return payload?.errors?.[0] ?? { code: answer?.errors?.[0]?.extensions?.code ?? 'FAILED' };
}

function post(body) {
  return fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => null);
}
