// A proxy to the server under test that records requests.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { required } from './environment.mjs';

/** Starts it. `calls` collects the headers and body of each request, in order. */
export async function countCalls() {
  const calls = [];
  const proxy = createServer(async (request, response) => {
    const body = await buffer(request);
    calls.push({ headers: request.headers, ...JSON.parse(body) });
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const target = new URL(request.url, required('USERPROFILE_URL'));
    const reply = await fetch(target, { method: request.method, headers, body });
    response.setHeader('content-type', reply.headers.get('content-type'));
    response.setHeader('set-cookie', reply.headers.getSetCookie());
    response.writeHead(reply.status).end(await reply.text());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `http://127.0.0.1:${proxy.address().port}`, calls, close: () => proxy.close() };
}
