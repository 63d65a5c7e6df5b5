// Starts enabling MFA.

import { useState } from 'react';
import { mutate } from '../api/execute';
import { graphql } from '../gql';
import type { MfaType } from '../gql/graphql';
import { useFreshSignIn } from '../sign-in/Reauthentication';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import type { Begun } from './ConfirmMfa';

const EnableMfa = graphql(`
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
  { type: 'EMAIL', label: 'Codes by e-mail' },
];

interface SwitchOnProps {
  proposed: MfaType;
  onBegun: (begun: Begun) => void;
}

export function SwitchOn({ proposed, onBegun }: SwitchOnProps) {
  const [mfaType, setMfaType] = useState(proposed);
  const withFreshSignIn = useFreshSignIn();

  async function enable(values: FormData) {
    const options = { email: text(values, 'options.email') || null };
    const { sentTo, otp, errors } = await withFreshSignIn(() => mutate(EnableMfa, { input: { mfaType, options } }));
    if (errors.length === 0) onBegun({ to: 'on', sentTo, otp });
    return errors;
  }

  return (
    <Form submit="Switch on" onSubmit={enable}>
      <fieldset>
        <legend>What do you want to use?</legend>
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
          hint="Left empty, your verified address is taken."
          type="email"
          autoComplete="email"
        />
      )}
    </Form>
  );
}
