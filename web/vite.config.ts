import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * One HTML file for each page, in the root of `dist`; all files that they load are in `dist/assets`, with a hash in
 * the name.
 *
 * The server sends these pages with a policy that allows no inline code and no other hosts.
 */
export default defineConfig({
  // Relative addresses: a proxy may serve the page below a path.
  base: './',
  plugins: [react()],
  build: {
    // Real files rather than data: URIs, so that each is compressed and cached on its own.
    assetsInlineLimit: 0,
    // Monaco alone exceeds the default of 500 kB; it is loaded once and cached permanently.
    chunkSizeWarningLimit: 4096,
    // The bundle contains the notices that the licences of the bundled libraries require.
    license: { fileName: 'assets/licenses.md' },
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      // A hint for the React compiler in GraphiQL's sources, which are already compiled.
      checks: { moduleLevelDirective: false },
      input: {
        graphiql: 'graphiql.html',
      },
    },
  },
  server: {
    // `npm run dev` serves the pages at /graphiql.html and sends requests to a local server.
    proxy: Object.fromEntries(['/graphql', '/plain', '/dev'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
