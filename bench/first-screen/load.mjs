// Runs the load generator.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LIMIT_FOLDER } from './servers.mjs';
import { temporaryFolder } from './temporary.mjs';

const run = promisify(execFile);

/**
 * A function that sends a query to a server as the users with these access tokens, for a number of seconds or, as
 * `200x`, a number of times. Returns the number of `requests`, requests `perSecond`, and the times `p50` and `p99` in µs.
 */
export function loader(tokens) {
  const folder = temporaryFolder();
  const tokenFile = join(folder, 'tokens');
  writeFileSync(tokenFile, tokens.join('\n'));
  return async (server, query, clients, amount) => {
    const body = join(folder, query);
    writeFileSync(body, JSON.stringify({ query: server.document(query) }));
    const args = [server.port, server.path(query), tokenFile, body, clients, amount].map(String);
    return JSON.parse((await run(`${LIMIT_FOLDER}/load`, args)).stdout);
  };
}
