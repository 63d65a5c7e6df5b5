// Whether the user is signed in. The page asks before React is loaded, which takes longer than the response.

import { currentSession, sessionFound } from './session';
import { ENDPOINT, fetchInSession } from './transport';

/** What the page waits for; rejected if the server cannot be reached. */
export let probed = probe();

export function probeAgain(): Promise<void> {
  probed = probe();
  return probed;
}

async function probe(): Promise<void> {
  const body = JSON.stringify({ query: '{ me { id } }' });
  const response = await fetchInSession(ENDPOINT, { method: 'POST', body });
  const { data } = (await response.json()) as { data?: { me?: unknown } | null };
  if (data?.me) sessionFound();
  // Without a session, the transport has noticed that.
  else if (currentSession() === 'unknown') throw new Error('The server did not respond as expected.');
}
