// A proxy as people put before the server: it serves it below a path, which it takes away.

import { createServer, request } from 'node:http';

/** Serves `upstream` below `path`, such as `/identity`; gives the address of that, and a way to end it. */
export async function startStrippingProxy(upstream, path) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(`${path}/`)) {
      outgoing.writeHead(502).end();
      return;
    }
    const { method, headers } = incoming;
    const passedOn = request(new URL(incoming.url.slice(path.length), upstream), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passedOn.on('error', () => outgoing.destroy());
    incoming.pipe(passedOn);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}${path}/`, stop: () => server.close() };
}
