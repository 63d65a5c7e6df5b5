// Keeps the token of whoever is signed in in GraphiQL's headers editor, where people see how a query carries it.

import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';
import { isOurs, useSession } from '../session/store';
import { bearerToken, parseHeaders, withToken } from './authorization';

/** Draws nothing. Belongs inside `<GraphiQL>`, whose editors it reaches. */
export function AuthorizationHeader() {
  const session = useSession();
  const accessToken = session.phase === 'signed-in' ? session.tokens.accessToken : null;
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  // Each tab has headers of its own, so a change of tab counts as well.
  const activeTabIndex = useGraphiQL((state) => state.activeTabIndex);

  useEffect(() => {
    if (!headerEditor) return;
    const text = headerEditor.getValue();
    const headers = parseHeaders(text);
    if (!headers) return;
    const present = bearerToken(headers);
    // A token that a person put there is that person's business.
    if (present === accessToken || (present !== null && !isOurs(present))) return;
    headerEditor.setValue(withToken(text, accessToken));
  }, [headerEditor, activeTabIndex, accessToken]);

  return null;
}
