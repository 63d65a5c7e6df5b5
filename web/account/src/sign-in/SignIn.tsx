// The sign-in, in place of the page that the user wants.

import { useCallback, useState } from 'react';
import { signedIn } from '../api/session';
import { useWords } from '../i18n';
import { keptChallenge } from './challenge';
import { CodeStep } from './CodeStep';
import { rememberDomain } from './domain';
import { Gate } from './Gate';
import { PasswordStep } from './PasswordStep';
import { useSignIn, type User } from './useSignIn';

export function SignIn() {
  const { signIn } = useWords();
  const [kept] = useState(keptChallenge);
  const finish = useCallback((user?: User) => {
    if (user) rememberDomain(user.domainId);
    signedIn();
  }, []);
  const steps = useSignIn(kept, finish);

  if (steps.challenge) {
    return (
      <Gate title={signIn.code.title}>
        <CodeStep question={steps.challenge} onConfirm={steps.withFactor} onStartOver={steps.startOver} />
      </Gate>
    );
  }
  return (
    <Gate title={signIn.title}>
      <PasswordStep steps={steps} />
    </Gate>
  );
}
