// SCHEMA names the schema: the address of a server, or a file.

import type { CodegenConfig } from '@graphql-codegen/cli';

const rules = {
  strictScalars: true,
  scalars: { DateTime: 'string', JSONObject: 'Record<string, unknown>' },
};

const config: CodegenConfig = {
  schema: process.env.SCHEMA,
  documents: ['src/**/*.{graphql,ts}', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { persistedDocuments: true },
      config: { ...rules, documentMode: 'string', importExtension: '.js', useTypeImports: true },
    },
    'src/gql/operations.ts': {
      plugins: ['typescript', 'typescript-operations'],
      config: rules,
    },
  },
};

export default config;
