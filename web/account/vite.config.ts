import react from '@vitejs/plugin-react';
import { parse } from 'graphql';
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

/**
 * Puts each document where it is used. Otherwise, all of them are in one table, which every page, even the sign-in, would
 * load. Documents with fragments are taken from the generated module, which knows those.
 */
const ownDocuments: Plugin = {
  name: 'own-documents',
  apply: 'build',
  enforce: 'pre',
  transform: (code, id) => {
    if (!id.includes('/src/') || id.includes('/src/gql/')) return null;
    const generated = new Set<string>();
    const replaced = code.replace(DOCUMENT, (_text, source: string, kind: string, name: string) => {
      if (kind !== 'fragment' && !source.includes('...')) return JSON.stringify(parse(source, { noLocation: true }));
      const document = name + (kind === 'fragment' ? 'FragmentDoc' : 'Document');
      generated.add(`${document} as $${document}`);
      return `$${document}`;
    });
    return generated.size > 0 ? `import { ${[...generated].join(', ')} } from '/src/gql/graphql';\n${replaced}` : replaced;
  },
};

/** A call of `graphql`: the document, its kind, and its name. */
const DOCUMENT = /\bgraphql\(\s*`(\s*(query|mutation|fragment) (\w+)[^`]*)`,?\s*\)/g;

/** Builds `account.html` into `web/dist`, beside GraphiQL; the server embeds that folder. */
export default defineConfig({
  // Relative addresses: a proxy may serve the page below a path.
  base: './',
  plugins: [ownDocuments, react(), atItsAddress],
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
