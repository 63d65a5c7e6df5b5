// The recommended rules of GraphQL ESLint: for schemas, for schemas that Relay reads, and for operations.

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
        // Field names are those of Cloudforet's identity service.
        '@graphql-eslint/no-typename-prefix': 'off',
        // Payloads, errors, and parts of entities have no ids.
        '@graphql-eslint/strict-id-in-types': 'off',
        // The connections specification requires one direction of pagination, and has no rules for nodes and other
        // lists.
        '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
        '@graphql-eslint/relay-edge-types': [
          'error',
          { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
        ],
      },
    },
    { files: ['**/*.graphql'], ignores: [SCHEMA], rules: rulesOf('operations-recommended') },
    // The rule is for caches that identify entities by their ids; these queries are examples.
    { files: [GRAPHIQL], rules: { '@graphql-eslint/require-selections': 'off' } },
  ],
});

const LINTED = {
  'the schema has no lint errors': SCHEMA,
  'the example queries of GraphiQL have no lint errors': GRAPHIQL,
  'the documents of GraphQL Code Generator have no lint errors': CODEGEN,
  'the documents of Apollo Client have no lint errors': APOLLO,
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
