// Sends one request repeatedly until it receives a message. Runs in its own thread, so that reading large responses
// does not delay the requests that are measured at the same time.
import { parentPort, workerData } from 'node:worker_threads';

const { url, query, variables, token } = workerData;
let isStopped = false;
parentPort.once('message', () => (isStopped = true));

const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
const body = JSON.stringify({ query, variables });
let requests = 0;
while (!isStopped) {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  requests++;
}
parentPort.postMessage(requests);
