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

export interface Begun {
  to: 'on' | 'off';
  /** The address that the code was sent to; null if an authenticator app generates it. */
  sentTo: string | null;
  /** The secret for the authenticator app. */
  otp: Otp | null;
}

interface ConfirmMfaProps {
  begun: Begun;
  onConfirmed: (recoveryCodes: readonly string[]) => void;
  onCancel: () => void;
}

export function ConfirmMfa({ begun, onConfirmed, onCancel }: ConfirmMfaProps) {
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
      {begun.otp && <Enrolment otp={begun.otp} />}
      <Form submit="Confirm" onSubmit={confirm} onCancel={onCancel}>
        <p>{whereToFind(begun)}</p>
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
        <p>Read the QR code with your authenticator app. Where it cannot be read, type in this secret:</p>
        <p><code>{secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
        <p><a href={uri}>Open the app on this device</a></p>
      </div>
    </div>
  );
}

function whereToFind({ to, sentTo }: Begun): string {
  const recovery = to === 'off' ? ', or a recovery code' : '';
  if (sentTo) return `Enter the code that we sent to ${sentTo}${recovery}.`;
  return `Enter the code that the app shows${recovery}.`;
}
