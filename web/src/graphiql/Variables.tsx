// Shows the variables of a tab that has some, and sets a valid id in those of NodeById.

import { useGraphiQL } from '@graphiql/react';
import { useEffect, useRef } from 'react';
import { useSession } from '../session/store';

/** The id in the query's variables while unauthenticated. */
const PLACEHOLDER = 'workspace-000000000000';

/** Renders nothing. Must be inside `<GraphiQL>`, whose editors it uses. */
export function Variables() {
  const session = useSession();
  const sampleId = session.phase === 'signed-in' ? session.person.sampleId : null;
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const activeTabIndex = useGraphiQL((state) => state.activeTabIndex);
  // The id that is replaced: the placeholder, later the id of the previous user. An id that the user enters is kept.
  const replaceableId = useRef(PLACEHOLDER);

  useEffect(() => {
    if (!variableEditor?.getValue().trim()) return;
    // GraphiQL offers no other way to select the editor.
    document.querySelector<HTMLButtonElement>('.graphiql-editor-tools [data-name="variables"]')?.click();
  }, [variableEditor, activeTabIndex]);

  useEffect(() => {
    const text = variableEditor?.getValue();
    if (!sampleId || !text?.includes(replaceableId.current)) return;
    variableEditor?.setValue(text.replace(replaceableId.current, sampleId));
    replaceableId.current = sampleId;
  }, [variableEditor, activeTabIndex, sampleId]);

  return null;
}
