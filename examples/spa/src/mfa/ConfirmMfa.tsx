// The code that completes a pending change: enabling or disabling MFA.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import type { Otp } from '../gql/graphql';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { show } from '../visitor';

const ConfirmMfaMutation = graphql(`
  mutation ConfirmMfa($input: ConfirmMfaInput!) {
    confirmMfa(input: $input) {
      user { ...Account }
      recoveryCodes
      errors { message field }
    }
  }
`);

export interface PendingChange {
  to: 'enable' | 'disable';
  /** The address that the code was sent to; null if an authenticator app generates it. */
  sentTo: string | null;
  /** The secret for the authenticator app. */
  otp: Otp | null;
}

interface ConfirmMfaProps {
  pending: PendingChange;
  onConfirmed: (recoveryCodes: readonly string[]) => void;
  onCancel: () => void;
}

export function ConfirmMfa({ pending, onConfirmed, onCancel }: ConfirmMfaProps) {
  async function confirm(values: FormData) {
    const { user, recoveryCodes, errors } = await mutate(ConfirmMfaMutation, {
      input: { verifyCode: text(values, 'verifyCode') },
    });
    if (user) {
      await show(user);
      onConfirmed(recoveryCodes ?? []);
    }
    return errors;
  }

  return (
    <>
      {pending.otp && <Enrolment otp={pending.otp} />}
      <Form submit="Confirm" onSubmit={confirm} onCancel={onCancel}>
        <p>{whereToFind(pending)}</p>
        <Field name="verifyCode" label="Code" autoComplete="one-time-code" autoCapitalize="none" required autoFocus />
      </Form>
    </>
  );
}

function Enrolment({ otp: { qrCode, secret, uri } }: { otp: Otp }) {
  return (
    <div className="enrolment">
      <img src={qrCode} alt="QR code for an authenticator app" width="180" height="180" />
      <div>
        <p>Scan the QR code with your authenticator app. If you cannot scan it, enter this secret:</p>
        <p><code>{secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
        <p><a href={uri}>Open the app on this device</a></p>
      </div>
    </div>
  );
}

function whereToFind({ to, sentTo }: PendingChange): string {
  const recovery = to === 'disable' ? ', or a recovery code' : '';
  if (sentTo) return `Enter the code that we sent to ${sentTo}${recovery}.`;
  return `Enter the code that your authenticator app shows${recovery}.`;
}
