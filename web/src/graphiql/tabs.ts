// The queries in the tabs when GraphiQL opens. A tab is named after its operation.

import me from './queries/me.graphql?raw';
import nodeById from './queries/node-by-id.graphql?raw';
import nodeByIdVariables from './queries/node-by-id.variables.json?raw';
import sessions from './queries/sessions.graphql?raw';
import workspaces from './queries/workspaces-page-by-page.graphql?raw';
import workspacesVariables from './queries/workspaces-page-by-page.variables.json?raw';

/** In display order; the first tab is open. */
export const TABS = [
  { query: me },
  { query: workspaces, variables: workspacesVariables },
  { query: sessions },
  { query: nodeById, variables: nodeByIdVariables },
];
