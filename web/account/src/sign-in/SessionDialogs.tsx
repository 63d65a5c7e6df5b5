// The dialogs that actions need, on top of the page: step-up authentication, and a new sign-in if the session has ended.

import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { useClient } from 'urql';
import { DialogsContext } from '../api/actions';
import { signedIn, signedOut } from '../api/session';
import { dropChallenge } from './challenge';
import { WhoQuery } from './operations';
import { SignInAgain } from './SignInAgain';
import { StepUp } from './StepUp';
import { useQuestion } from './useQuestion';

interface SessionDialogsProps {
  userId: string;
  domainId: string;
  /** The session was lost while the page was in use. */
  isEnded: boolean;
  children: ReactNode;
}

export function SessionDialogs({ userId, domainId, isEnded, children }: SessionDialogsProps) {
  const stepUp = useQuestion();
  const signIn = useQuestion();
  const dialogs = useMemo(() => ({ stepUp: stepUp.ask, signInAgain: signIn.ask }), [stepUp.ask, signIn.ask]);
  const user = { userId, domainId };

  /** A new sign-in verifies the user, too. */
  function settle(isSignedIn: boolean) {
    signIn.answer(isSignedIn);
    stepUp.answer(isSignedIn);
  }
  useSignInElsewhere(isEnded, userId, settle);
  // The user may have completed in another tab what they began in this one.
  useEffect(dropChallenge, []);

  return (
    <DialogsContext value={dialogs}>
      {children}
      {isEnded || signIn.isOpen ? (
        <SignInAgain
          user={user}
          onSignedIn={() => {
            settle(true);
            signedIn();
          }}
          onSignOut={() => {
            settle(false);
            signedOut();
          }}
        />
      ) : (
        stepUp.isOpen && <StepUp user={user} onDone={stepUp.answer} />
      )}
    </DialogsContext>
  );
}

/** Settles the dialogs when the user has signed in again in another tab. */
function useSignInElsewhere(isEnded: boolean, userId: string, settle: (isSignedIn: boolean) => void): void {
  const client = useClient();
  const wasEnded = useRef(isEnded);
  useEffect(() => {
    if (wasEnded.current && !isEnded) {
      // Another user may have: then this request also has the page show theirs.
      const read = client.query(WhoQuery, {}, { requestPolicy: 'network-only' }).toPromise();
      void read.then(({ data }) => settle(data?.me?.userId === userId));
    }
    wasEnded.current = isEnded;
  }, [isEnded]);
}
