// The client projects in this folder, each set up as its documentation describes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const HERE = new URL('./', import.meta.url);

export const SCHEMA = fileURLToPath(new URL('../../schema.graphql', HERE));

/** Copies a project and the schema into a new folder, to generate code in it. Returns the URL of the folder. */
export async function copyProject(project, name) {
  const folder = new URL(`generated/${name}/`, HERE);
  await rm(folder, { recursive: true, force: true });
  await cp(new URL(`${project}/`, HERE), folder, { recursive: true });
  await cp(SCHEMA, new URL('schema.graphql', folder));
  return folder;
}

/** Runs a tool of an installed package in the folder, and returns its output. It must succeed. */
export async function runTool(tool, args, { cwd, env = {} }) {
  const { code, output } = await tryTool(tool, args, { cwd, env });
  assert.equal(code, 0, output);
  return output;
}

function tryTool(tool, args, { cwd, env }) {
  const file = fileURLToPath(new URL(`node_modules/.bin/${tool}`, HERE));
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env } };
    execFile(file, args, options, (error, out, err) => resolve({ code: error?.code ?? 0, output: out + err }));
  });
}
