// Where the user is signed in.

import { useRef, useState } from 'react';
import { useQuery } from 'urql';
import { ActionFailed, errorsOf, useAction } from '../api/actions';
import { useWords } from '../i18n';
import { Button } from '../ui/Button';
import { useExplain } from '../ui/explain';
import { Page, Rows, Section } from '../ui/Page';
import { Failure, Loading } from '../ui/states';
import { useToast } from '../ui/toasts';
import { RevokeSessionDocument, SessionListDocument } from './sessions/documents';
import { SessionRow } from './sessions/SessionRow';
import { SignOutOthers } from './sessions/SignOutOthers';

export default function Sessions() {
  const { pages, sessions: words } = useWords();
  const [{ data, error }, readAgain] = useQuery({ query: SessionListDocument, requestPolicy: 'cache-and-network' });
  const [isAsking, setAsking] = useState(false);
  const rows = useRef<HTMLDivElement>(null);
  const signOut = useSignOut();
  const sessions = data?.me?.sessions.toSorted((one, other) => Number(other.isCurrent) - Number(one.isCurrent));
  const others = sessions?.filter(({ isCurrent }) => !isCurrent).length ?? 0;
  return (
    <Page title={pages.sessions} lead={words.lead}>
      {error && <Failure error={error} onRetry={() => readAgain({ requestPolicy: 'network-only' })} />}
      {!sessions && !error && <Loading />}
      {sessions && (
        <Section
          title={words.title}
          action={others > 0 && <Button onClick={() => setAsking(true)}>{words.everywhereElse}</Button>}
        >
          <div ref={rows} tabIndex={-1}>
            <Rows>
              {sessions.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  onSignOut={() => {
                    // The button goes with its row.
                    rows.current?.focus();
                    void signOut(session.id);
                  }}
                />
              ))}
            </Rows>
          </div>
        </Section>
      )}
      {isAsking && <SignOutOthers count={others} onClose={() => setAsking(false)} />}
    </Page>
  );
}

/** Ends a session, and says whether it ended. The cache removes its row at once. */
function useSignOut() {
  const { sessions } = useWords();
  const act = useAction();
  const toast = useToast();
  const explain = useExplain();
  return async (id: string) => {
    try {
      const [problem] = errorsOf(await act(RevokeSessionDocument, { input: { id } }));
      toast(problem ? explain(problem) : sessions.ended);
    } catch (failure) {
      if (!(failure instanceof ActionFailed)) throw failure;
      toast(explain(failure.problem));
    }
  };
}
