// Sends one request again and again until told to stop. It runs in a thread of its own, so that reading large responses
// does not delay the requests that are measured beside it.
import { parentPort, workerData } from 'node:worker_threads';

const { url, query, variables, token } = workerData;
let isOver = false;
parentPort.once('message', () => (isOver = true));

const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
const body = JSON.stringify({ query, variables });
let requests = 0;
while (!isOver) {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  requests++;
}
parentPort.postMessage(requests);
