// Shows the variables of a tab that has some, and puts an id that works into those of OneThingById.

import { useGraphiQL } from '@graphiql/react';
import { useEffect, useRef } from 'react';
import { useSession } from '../session/store';

/** The id in the query's variables as long as nobody is signed in. */
const PLACEHOLDER = 'workspace-000000000000';

/** Draws nothing. Belongs inside `<GraphiQL>`, whose editors it reaches. */
export function Variables() {
  const session = useSession();
  const sampleId = session.phase === 'signed-in' ? session.person.sampleId : null;
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const activeTabIndex = useGraphiQL((state) => state.activeTabIndex);
  // What stands there until a user replaces it: the placeholder, or the id of the user who was signed in before.
  const ours = useRef(PLACEHOLDER);

  useEffect(() => {
    if (!variableEditor?.getValue().trim()) return;
    // GraphiQL has no other way to choose the editor.
    document.querySelector<HTMLButtonElement>('.graphiql-editor-tools [data-name="variables"]')?.click();
  }, [variableEditor, activeTabIndex]);

  useEffect(() => {
    const text = variableEditor?.getValue();
    if (!sampleId || !text?.includes(ours.current)) return;
    variableEditor?.setValue(text.replace(ours.current, sampleId));
    ours.current = sampleId;
  }, [variableEditor, activeTabIndex, sampleId]);

  return null;
}
