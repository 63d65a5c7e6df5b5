// The first step of a sign-in: who the user is, and their password; or a passkey, which says both.

import { useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { Problem } from '../api/actions';
import { useWords } from '../i18n';
import { useExplain } from '../ui/explain';
import { Field, PasswordField } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { knownDomain } from './domain';
import { DomainField } from './DomainField';
import { PasskeyButton } from './PasskeyButton';
import { FORGOT_PASSWORD } from './ForgotPassword';
import { usePasskeyOffer } from './usePasskeyOffer';
import type { SignInSteps } from './useSignIn';

export function PasswordStep({ steps }: { steps: SignInSteps }) {
  const words = useWords();
  const explain = useExplain();
  const [domain] = useState(knownDomain);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  // Once the user has chosen a passkey, they want to know if the server refuses it.
  const instead = usePasskeyOffer(async (asking) => setRefusal((await steps.withPasskey(undefined, asking))[0] ?? null));

  function signIn(values: FormData) {
    setRefusal(null);
    const user = { domainId: text(values, 'domainId').trim() || null, userId: text(values, 'userId').trim() };
    return instead(() => steps.withPassword(user, text(values, 'password')));
  }

  return (
    <>
      <div role="alert">
        {steps.hasExpired && <p className="notice notice-warning">{words.signIn.expired}</p>}
        {refusal && <p className="form-error">{explain(refusal)}</p>}
      </div>
      <Form submit={words.signIn.title} onSubmit={signIn}>
        <DomainField known={domain} />
        <Field
          name="userId"
          label={words.signIn.userId}
          autoFocus={domain !== null}
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
        <PasswordField name="password" label={words.password} autoComplete="current-password" required />
      </Form>
      <ForgottenLink />
      <div className="gate-others">
        <PasskeyButton label={words.signIn.passkey} onAsk={() => instead(() => steps.withPasskey())} />
      </div>
    </>
  );
}

/** Leads to the page for a forgotten password, and remembers which page the user wanted. */
function ForgottenLink() {
  const { signIn } = useWords();
  const [path] = useLocation();
  const search = useSearch();
  return (
    <p>
      <Link href={FORGOT_PASSWORD + (search && `?${search}`)} state={{ from: path }}>
        {signIn.forgotten}
      </Link>
    </p>
  );
}
