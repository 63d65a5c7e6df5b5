// What scripts/check-schema runs: `node check-schema.mjs RELEASED CURRENT`, two files. It prints each change, and fails
// where one is breaking.

import { readFile } from 'node:fs/promises';
import { changesBetween } from './schema-change.mjs';

const [released, current] = await Promise.all(process.argv.slice(2).map((file) => readFile(file, 'utf8')));
const changes = await changesBetween(released, current);
for (const { level, message } of changes) console.log(`${level.padEnd(9)}  ${message}`);
if (changes.length === 0) console.log('no change but of words');
if (changes.some(({ level }) => level === 'breaking')) {
  console.log('Clients break. Keep the old form, marked with @deprecated, and let a later release take it away.');
  process.exitCode = 1;
}
