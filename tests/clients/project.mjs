// The projects of clients beside this file, each as somebody would have it who takes the client up.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const HERE = new URL('./', import.meta.url);

export const SCHEMA = fileURLToPath(new URL('../../schema.graphql', HERE));

/** A fresh copy of that project, with the schema in it, to generate code in; its address, as a folder. */
export async function copyProject(project, name) {
  const folder = new URL(`generated/${name}/`, HERE);
  await rm(folder, { recursive: true, force: true });
  await cp(new URL(`${project}/`, HERE), folder, { recursive: true });
  await cp(SCHEMA, new URL('schema.graphql', folder));
  return folder;
}

/** Runs a tool of an installed package in that folder; gives all that it said. It must not fail. */
export async function runTool(tool, args, { cwd, env = {} }) {
  const { code, said } = await tryTool(tool, args, { cwd, env });
  assert.equal(code, 0, said);
  return said;
}

function tryTool(tool, args, { cwd, env }) {
  const file = fileURLToPath(new URL(`node_modules/.bin/${tool}`, HERE));
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env } };
    execFile(file, args, options, (error, out, err) => resolve({ code: error?.code ?? 0, said: out + err }));
  });
}
