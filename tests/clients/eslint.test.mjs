// The recommended rules of GraphQL ESLint: for the schema, for one that Relay reads, and for what clients ask.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCHEMA = 'schema.graphql';
const GRAPHIQL = 'web/src/graphiql/queries/*.graphql';
const CODEGEN = 'tests/clients/codegen/src/*.graphql';
const APOLLO = 'tests/clients/apollo-client/src/*.js';

const graphQLConfig = {
  schema: `${ROOT}${SCHEMA}`,
  documents: [GRAPHIQL, CODEGEN, CODEGEN.replace('.graphql', '.ts'), APOLLO].map((files) => `${ROOT}${files}`),
};

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfigFile: true,
  overrideConfig: [
    { files: [APOLLO], processor: graphql.processor },
    {
      files: ['**/*.graphql'],
      languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig } },
      plugins: { '@graphql-eslint': graphql },
    },
    {
      files: [SCHEMA],
      rules: {
        ...rulesOf('schema-recommended'),
        ...rulesOf('schema-relay'),
        // The names of the fields are those of the service whose language this is.
        '@graphql-eslint/no-typename-prefix': 'off',
        // Payloads, errors and parts of things have no identity of their own.
        '@graphql-eslint/strict-id-in-types': 'off',
        // The specification of connections asks for one direction of paging, and for nothing of nodes and other lists.
        '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
        '@graphql-eslint/relay-edge-types': [
          'error',
          { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
        ],
      },
    },
    { files: ['**/*.graphql'], ignores: [SCHEMA], rules: rulesOf('operations-recommended') },
    // It is for caches that know things by their ids; these are for reading.
    { files: [GRAPHIQL], rules: { '@graphql-eslint/require-selections': 'off' } },
  ],
});

const LINTED = {
  'the schema': SCHEMA,
  'the tabs of GraphiQL': GRAPHIQL,
  'the project of Code Generator': CODEGEN,
  'the project of Apollo Client': APOLLO,
};

for (const [name, files] of Object.entries(LINTED)) {
  test(name, async () => {
    const found = (await eslint.lintFiles([files])).flatMap(({ filePath, messages }) =>
      messages.map(({ line, message, ruleId }) => `${filePath}:${line} ${message} (${ruleId})`),
    );
    assert.deepEqual(found, []);
  });
}

function rulesOf(name) {
  return graphql.configs[`flat/${name}`].rules;
}
