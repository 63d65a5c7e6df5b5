// A reverse proxy that serves the server below a path, and strips the path.

import { createServer, request } from 'node:http';

/** Serves `upstream` below `path`, such as `/identity`. Returns `url` and `stop`. */
export async function startStrippingProxy(upstream, path) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(`${path}/`)) {
      outgoing.writeHead(502).end();
      return;
    }
    const { method, headers } = incoming;
    const passedOn = request(new URL(incoming.url.slice(path.length), upstream), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    passedOn.on('error', () => outgoing.destroy());
    incoming.pipe(passedOn);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}${path}/`, stop: () => server.close() };
}
