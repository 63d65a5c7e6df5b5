// Runs the load generator, and summarizes what it measured.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LIMIT_FOLDER } from './servers.mjs';

const run = promisify(execFile);

/** A function that sends a query to a server, for a number of seconds or, as `200x`, a number of times. */
export function loader(folder, name, tokens) {
  const tokenFile = join(folder, `tokens-${name}`);
  writeFileSync(tokenFile, tokens.join('\n'));
  return async (server, query, connections, amount) => {
    const body = join(folder, `body-${name}-${query}`);
    writeFileSync(body, JSON.stringify({ query: server.document(query) }));
    const args = [server.port, server.path(query), tokenFile, body, connections, amount].map(String);
    return JSON.parse((await run(`${LIMIT_FOLDER}/load`, args)).stdout);
  };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Pads the cells of rows to columns. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column]))).join('  ')).join('\n');
}
