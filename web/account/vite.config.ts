import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** `npm run dev` serves the console at /account and below, as the server does. */
const atItsAddress: Plugin = {
  name: 'at-its-address',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace('<base href="./" />', '<base href="/" />'),
  configureServer: (server) => {
    server.middlewares.use((request, _response, next) => {
      if (/^\/account(\/[^.]*)?(\?|$)/.test(request.url ?? '')) request.url = '/account.html';
      next();
    });
  },
};

/** Builds `account.html` into `web/dist`, beside GraphiQL; the server embeds that folder. */
export default defineConfig({
  // Relative addresses: a proxy may serve the page below a path.
  base: './',
  plugins: [react(), atItsAddress],
  build: {
    outDir: '../dist',
    // GraphiQL is there, too.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    license: { fileName: 'assets/account-licenses.md' },
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Hints for server components, which there are none of.
      checks: { moduleLevelDirective: false },
      input: { account: 'account.html' },
    },
  },
  server: {
    proxy: Object.fromEntries(['/graphql', '/plain', '/dev', '/favicon.ico'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
