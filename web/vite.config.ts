import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * One HTML file for each page, in the root of `dist`; all they load lies under `dist/assets`, with a hash in its name.
 *
 * The server sends these pages under a policy that allows nothing inline and nothing from another host.
 */
export default defineConfig({
  // Relative addresses: a proxy may serve the page below a path.
  base: './',
  plugins: [react()],
  build: {
    // Real files rather than data: URIs, so that each is compressed and cached on its own.
    assetsInlineLimit: 0,
    // Monaco alone is larger than the default of 500 kB; it is loaded once and cached for good.
    chunkSizeWarningLimit: 4096,
    // The notices that the bundled libraries' licences ask for travel with the bundle.
    license: { fileName: 'assets/licenses.md' },
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      // A hint for the React compiler in GraphiQL's sources, spent by the time they reach us.
      checks: { moduleLevelDirective: false },
      input: {
        graphiql: 'graphiql.html',
      },
    },
  },
  server: {
    // `npm run dev` shows the pages at /graphiql.html and asks a server that runs beside it.
    proxy: Object.fromEntries(['/graphql', '/plain', '/dev'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
