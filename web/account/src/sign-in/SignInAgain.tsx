// Signs the user in again on top of the page, because the session has ended while they used it.

import { fill, useWords } from '../i18n';
import { Button } from '../ui/Button';
import { Form, text } from '../ui/Form';
import { Modal } from '../ui/Modal';
import { CodeStep } from './CodeStep';
import { KnownUserPassword } from './KnownUser';
import { PasskeyButton } from './PasskeyButton';
import { useSignIn, type User } from './useSignIn';
import './sign-in.css';

interface SignInAgainProps {
  user: User;
  onSignedIn: () => void;
  onSignOut: () => void;
}

/** It stays until the user has chosen: without a session, nothing on the page works. */
export function SignInAgain({ user, onSignedIn, onSignOut }: SignInAgainProps) {
  const words = useWords();
  const { signIn } = words;
  const steps = useSignIn(null, onSignedIn);
  return (
    <Modal title={signIn.again.title} onClose={() => undefined}>
      {steps.challenge ? (
        <CodeStep question={steps.challenge} onConfirm={steps.withFactor} onStartOver={steps.startOver} />
      ) : (
        <>
          <p className="lead">{fill(signIn.again.lead, { user: user.userId })}</p>
          <div role="alert">{steps.hasExpired && <p className="notice notice-warning">{signIn.expired}</p>}</div>
          <Form submit={signIn.title} onSubmit={(values) => steps.withPassword(user, text(values, 'password'))}>
            <KnownUserPassword userId={user.userId} />
          </Form>
          <div className="gate-others">
            <PasskeyButton label={signIn.passkey} onAsk={() => steps.withPasskey(user)} />
            <Button variant="link" onClick={onSignOut}>
              {words.signOut}
            </Button>
          </div>
        </>
      )}
    </Modal>
  );
}
