// Generates the types of every operation in `src` from the schema, into `src/gql`.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      // The usual name, `useFragment`, looks like a hook but is not one.
      presetConfig: { fragmentMasking: { unmaskFunctionName: 'getFragmentData' } },
      config: {
        // A selected field is always present, if only as null.
        avoidOptionals: { field: true },
        // Documents are sent as plain text, so the bundle needs no parser.
        documentMode: 'string',
        enumsAsTypes: true,
        scalars: { DateTime: 'string', JSONObject: 'Record<string, unknown>' },
        skipTypename: true,
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
