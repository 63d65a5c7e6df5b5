// The server under test, seen through a door that notes who comes through.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { required } from './environment.mjs';

/** Its address, and `calls`: each request that came, with its headers and its body, in the order of their coming. */
export async function countCalls() {
  const calls = [];
  const door = createServer(async (request, response) => {
    const body = await buffer(request);
    calls.push({ headers: request.headers, ...JSON.parse(body) });
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const target = new URL(request.url, required('USERPROFILE_URL'));
    const answer = await fetch(target, { method: request.method, headers, body });
    response.setHeader('content-type', answer.headers.get('content-type'));
    response.setHeader('set-cookie', answer.headers.getSetCookie());
    response.writeHead(answer.status).end(await answer.text());
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  return { url: `http://127.0.0.1:${door.address().port}`, calls, close: () => door.close() };
}
