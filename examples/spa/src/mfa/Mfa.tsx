// Multi-factor authentication: its state, and the steps to enable or disable it.

import { useState } from 'react';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Badge } from '../ui/Badge';
import { Section } from '../ui/Section';
import { ConfirmMfa, type PendingChange } from './ConfirmMfa';
import { RecoveryCodes } from './RecoveryCodes';
import { DisableMfa } from './DisableMfa';
import { EnableMfa } from './EnableMfa';

const MfaUser = graphql(`
  fragment Mfa on User {
    mfa {
      state
      mfaType
      options { email enforce }
      recoveryCodesLeft
    }
  }
`);

export function Mfa({ user }: { user: FragmentType<typeof MfaUser> }) {
  const { state, mfaType, options, recoveryCodesLeft } = getFragmentData(MfaUser, user).mfa;
  const [pending, setPending] = useState<PendingChange | null>(null);
  const [recoveryCodes, setRecoveryCodes] = useState<readonly string[]>([]);
  const isOn = state === 'ENABLED';

  function complete(newCodes: readonly string[]) {
    setPending(null);
    setRecoveryCodes(newCodes);
  }

  function next() {
    if (pending) return <ConfirmMfa pending={pending} onConfirmed={complete} onCancel={() => setPending(null)} />;
    if (recoveryCodes.length > 0) return <RecoveryCodes codes={recoveryCodes} onStored={() => setRecoveryCodes([])} />;
    if (!isOn) return <EnableMfa proposed={mfaType ?? 'OTP'} onStarted={setPending} />;
    if (options.enforce) return <p>Your administrator requires two-step sign-in, so you cannot turn it off.</p>;
    return <DisableMfa onStarted={setPending} />;
  }

  return (
    <Section id="mfa" title="Two-step sign-in" about="A code in addition to your password.">
      <p className="row current">
        {isOn ? (mfaType === 'OTP' ? 'Authenticator app' : `Email to ${options.email}`) : 'None'}
        <Badge good={isOn}>{isOn ? 'on' : 'off'}</Badge>
      </p>
      {isOn && <p className="hint">Recovery codes left: {recoveryCodesLeft}</p>}
      {next()}
    </Section>
  );
}
