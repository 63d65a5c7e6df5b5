// Trusted documents: with the manifest that a client's own tool generated, the server executes documents by their ids,
// and, with the mode `require`, no others.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, credentials } from './graphql-client.mjs';
import { startServer } from './own-server.mjs';
import { MAKERS } from './trusting-clients.mjs';

const CREDENTIALS = credentials('aiko@bluebell.example');

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), 'userprofile-'))));
after(() => rm(folder, { recursive: true }));

for (const [name, make] of Object.entries(MAKERS)) {
  describe(`With the manifest of ${name}`, () => {
    let client;
    before(async () => (client = await make()));

    const withServer = (mode, use) => async () => {
      const manifest = fileURLToPath(client.manifest);
      const { url, stop } = await startServer(folder, {
        USERPROFILE_DOCUMENTS: manifest,
        USERPROFILE_DOCUMENTS_MODE: mode,
      });
      try {
        await use(url);
      } finally {
        await stop();
      }
    };

    test(
      'with the mode `require`, the server executes documents by id only',
      withServer('require', async (url) => {
        assert.match(await client.whoAmI(url, true, CREDENTIALS), /^user-/);
        assert.deepEqual(await codesOf(url, '{ me { id } }'), ['PERSISTED_QUERY_NOT_FOUND']);
      }),
    );

    test(
      'with the mode `prefer`, the server executes documents by id and by text',
      withServer('prefer', async (url) => {
        const byId = await client.whoAmI(url, true, CREDENTIALS);
        assert.match(byId, /^user-/);
        assert.equal(await client.whoAmI(url, false, CREDENTIALS), byId);
      }),
    );
  });
}

async function codesOf(url, query) {
  const { errors = [] } = await ask(url, query);
  return errors.map(({ extensions }) => extensions.code);
}
