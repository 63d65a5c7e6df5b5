// The choice of a factor for two-step sign-in.

import { useState } from 'react';
import type { Problem } from '../../api/actions';
import { getFragmentData, graphql, type FragmentType } from '../../gql';
import type { EnableMfaInput, MfaType } from '../../gql/graphql';
import { useWords } from '../../i18n';
import { Field } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { Step } from './Step';

const FactorsUser = graphql(`
  fragment FactorsUser on User {
    id
    email
    emailVerified
    mfa {
      state
      mfaType
      options { email enforce }
    }
  }
`);

interface ChooseFactorProps {
  user: FragmentType<typeof FactorsUser>;
  onChosen: (input: EnableMfaInput) => Promise<readonly Problem[]>;
  onCancel?: (() => void) | undefined;
}

export function ChooseFactor({ user, onChosen, onCancel }: ChooseFactorProps) {
  const { email, emailVerified, mfa } = getFragmentData(FactorsUser, user);
  const { continue: submit, security: words } = useWords();
  const enforcedType = mfa.options.enforce ? mfa.mfaType : null;
  const [mfaType, setMfaType] = useState<MfaType>(enforcedType ?? 'OTP');
  const verified = emailVerified ? email : null;
  const isOn = mfa.state === 'ENABLED';

  function choose(values: FormData) {
    if (mfaType === 'OTP') return onChosen({ mfaType });
    const address = text(values, 'options.email').trim();
    // Without an address, the server uses the verified one.
    return onChosen(address === verified ? { mfaType } : { mfaType, options: { email: address } });
  }

  const types = TYPES.filter(({ type }) => !enforcedType || type === enforcedType);
  return (
    <Step title={isOn ? words.changeFactor : words.howCodes}>
      {isOn && <p>{words.oldFactorStays}</p>}
      <Form submit={submit} onSubmit={choose} onCancel={onCancel}>
        <fieldset className="choices">
          <legend className="visually-hidden">{words.howCodes}</legend>
          {types.map(({ type, label, hint }) => (
            <label key={type} className="choice">
              <input type="radio" name="mfaType" checked={type === mfaType} onChange={() => setMfaType(type)} />
              <span>
                <span className="choice-label">{words[label]}</span>
                <span className="choice-hint">{words[hint]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {mfaType === 'EMAIL' && (
          <Field
            name="options.email"
            label={words.emailAddress}
            description={words.emailAddressHint}
            defaultValue={mfa.options.email ?? verified ?? ''}
            type="email"
            autoComplete="email"
            required
          />
        )}
      </Form>
    </Step>
  );
}

const TYPES = [
  { type: 'OTP', label: 'app', hint: 'appHint' },
  { type: 'EMAIL', label: 'email', hint: 'emailHint' },
] as const;
