// Serves the stitched schema on this machine.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import type { Arrival } from './context.js';
import { makeGateway } from './gateway.js';

const port = Number(process.env.PORT ?? 4000);
const upstream = process.env.USERPROFILE_URL ?? 'http://127.0.0.1:8080';

const { schema, visible } = await makeGateway(upstream);
const yoga = createYoga<Arrival>({
  schema,
  context: (arrival) => ({ visible: (ids: string[]) => visible(ids, arrival) }),
  // By default, Yoga accepts requests with the user's cookies from pages of any origin.
  cors: false,
});
const server = createServer(yoga);
server.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  const reason = code === 'EADDRINUSE' ? 'it is in use' : message;
  console.error(`Cannot listen on port ${port}: ${reason}. Choose another one with --port.`);
  process.exitCode = 1;
});
server.listen(port, '127.0.0.1', () => {
  const address = server.address() as AddressInfo;
  console.log(`Listening on http://127.0.0.1:${address.port}/graphql (UserProfile: ${upstream})`);
});
