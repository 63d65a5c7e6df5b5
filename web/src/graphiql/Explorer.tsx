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
        // GraphiQL's history contains tokens and passwords (headers, variables), so it is deleted with the browser tab.
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
