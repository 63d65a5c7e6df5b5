// Starts enabling MFA.

import { useState } from 'react';
import { mutate } from '../api/execute';
import { graphql } from '../gql';
import type { MfaType } from '../gql/graphql';
import { useReauthentication } from '../sign-in/Reauthentication';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import type { PendingChange } from './ConfirmMfa';

const EnableMfaMutation = graphql(`
  mutation EnableMfa($input: EnableMfaInput!) {
    enableMfa(input: $input) {
      sentTo
      otp { secret uri qrCode }
      errors { message code field }
    }
  }
`);

const TYPES: readonly { type: MfaType; label: string }[] = [
  { type: 'OTP', label: 'Codes from an authenticator app' },
  { type: 'EMAIL', label: 'Codes by email' },
];

interface EnableMfaProps {
  proposed: MfaType;
  onStarted: (pending: PendingChange) => void;
}

export function EnableMfa({ proposed, onStarted }: EnableMfaProps) {
  const [mfaType, setMfaType] = useState(proposed);
  const withReauthentication = useReauthentication();

  async function enable(values: FormData) {
    const options = { email: text(values, 'options.email') || null };
    const { sentTo, otp, errors } = await withReauthentication(() => mutate(EnableMfaMutation, { input: { mfaType, options } }));
    if (errors.length === 0) onStarted({ to: 'enable', sentTo, otp });
    return errors;
  }

  return (
    <Form submit="Turn on" onSubmit={enable}>
      <fieldset>
        <legend>How do you want to get codes?</legend>
        {TYPES.map(({ type, label }) => (
          <label key={type}>
            <input type="radio" name="mfaType" checked={type === mfaType} onChange={() => setMfaType(type)} />
            {label}
          </label>
        ))}
      </fieldset>
      {mfaType === 'EMAIL' && (
        <Field
          name="options.email"
          label="Address"
          hint="If empty, your verified address is used."
          type="email"
          autoComplete="email"
        />
      )}
    </Form>
  );
}
