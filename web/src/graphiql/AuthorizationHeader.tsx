// Keeps the authenticated user's token in GraphiQL's headers editor, which shows how a query sends it.

import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';
import { isOurs, useSession } from '../session/store';
import { bearerToken, parseHeaders, withToken } from './authorization';

/** Renders nothing. Must be inside `<GraphiQL>`, whose editors it uses. */
export function AuthorizationHeader() {
  const session = useSession();
  const accessToken = session.phase === 'signed-in' ? session.tokens.accessToken : null;
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  // Each tab has its own headers, so this runs on a change of tab too.
  const activeTabIndex = useGraphiQL((state) => state.activeTabIndex);

  useEffect(() => {
    if (!headerEditor) return;
    const text = headerEditor.getValue();
    const headers = parseHeaders(text);
    if (!headers) return;
    const present = bearerToken(headers);
    // A token that the user entered stays.
    if (present === accessToken || (present !== null && !isOurs(present))) return;
    headerEditor.setValue(withToken(text, accessToken));
  }, [headerEditor, activeTabIndex, accessToken]);

  return null;
}
