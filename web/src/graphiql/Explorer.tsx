// GraphiQL, set up for this server.

import { GraphiQL } from 'graphiql';
import { AuthorizationHeader } from './AuthorizationHeader';
import { fetcher } from './fetcher';
import { TABS } from './tabs';
import { Variables } from './Variables';

export function Explorer() {
  return (
    <main className="explorer">
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={TABS}
        defaultEditorToolsVisibility="headers"
        // GraphiQL's history keeps headers and variables, so tokens and passwords: they go when the browser tab does.
        storage={sessionStorage}
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
      >
        <AuthorizationHeader />
        <Variables />
      </GraphiQL>
    </main>
  );
}
