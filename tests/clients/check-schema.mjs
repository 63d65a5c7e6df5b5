// Run by scripts/check-schema: `node check-schema.mjs RELEASED CURRENT`, two files. Prints each change, and fails if
// one is breaking.

import { readFile } from 'node:fs/promises';
import { changesBetween } from './schema-change.mjs';

const [released, current] = await Promise.all(process.argv.slice(2).map((file) => readFile(file, 'utf8')));
const changes = await changesBetween(released, current);
for (const { level, message } of changes) console.log(`${level.padEnd(9)}  ${message}`);
if (changes.length === 0) console.log('no changes except in descriptions');
if (changes.some(({ level }) => level === 'breaking')) {
  console.log('A breaking change: keep the old form, mark it with @deprecated, and remove it in a later release.');
  process.exitCode = 1;
}
