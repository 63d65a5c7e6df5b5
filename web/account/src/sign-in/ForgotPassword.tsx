// The page for a forgotten password: sends a link to the verified address of the account, if there is one.

import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';
import { errorsOf, useAction } from '../api/actions';
import { useWords } from '../i18n';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { knownDomain } from './domain';
import { DomainField } from './DomainField';
import { Gate } from './Gate';
import { ResetPasswordMutation } from './operations';

export const FORGOT_PASSWORD = '/forgot-password';

export function ForgotPassword() {
  const { signIn } = useWords();
  const [isSent, setSent] = useState(false);
  const cameFrom = useHistoryState<{ from?: string } | null>()?.from ?? '/';
  return (
    <Gate title={isSent ? signIn.reset.sentTitle : signIn.reset.title}>
      {isSent ? <Sent /> : <RequestForm onSent={() => setSent(true)} />}
      <p>
        <Link href={cameFrom}>{signIn.reset.back}</Link>
      </p>
    </Gate>
  );
}

function RequestForm({ onSent }: { onSent: () => void }) {
  const { signIn } = useWords();
  const act = useAction();
  const [domain] = useState(knownDomain);

  async function request(values: FormData) {
    const input = { domainId: text(values, 'domainId').trim() || null, userId: text(values, 'userId').trim() };
    const payload = await act(ResetPasswordMutation, { input });
    if (payload.ok) onSent();
    return errorsOf(payload);
  }

  return (
    <>
      <p className="lead">{signIn.reset.lead}</p>
      <Form submit={signIn.reset.submit} onSubmit={request}>
        <DomainField known={domain} />
        <Field
          name="userId"
          label={signIn.userId}
          description={signIn.userIdNote}
          autoFocus={domain !== null}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      </Form>
    </>
  );
}

/** The same for every account: nobody learns who has one. */
function Sent() {
  const { signIn } = useWords();
  const text = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone.
  useEffect(() => text.current?.focus(), []);
  return (
    <div ref={text} tabIndex={-1} className="form" role="status">
      <p>{signIn.reset.sent}</p>
      <p className="lead">{signIn.reset.notArrived}</p>
    </div>
  );
}
