// Multi-factor authentication: its state, and the steps to enable or disable it.

import { useState } from 'react';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Badge } from '../ui/Badge';
import { Section } from '../ui/Section';
import { ConfirmMfa, type Begun } from './ConfirmMfa';
import { RecoveryCodes } from './RecoveryCodes';
import { SwitchOff } from './SwitchOff';
import { SwitchOn } from './SwitchOn';

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
  const [begun, setBegun] = useState<Begun | null>(null);
  const [recoveryCodes, setRecoveryCodes] = useState<readonly string[]>([]);
  const isOn = state === 'ENABLED';

  function complete(newCodes: readonly string[]) {
    setBegun(null);
    setRecoveryCodes(newCodes);
  }

  function next() {
    if (begun) return <ConfirmMfa begun={begun} onConfirmed={complete} onCancel={() => setBegun(null)} />;
    if (recoveryCodes.length > 0) return <RecoveryCodes codes={recoveryCodes} onKept={() => setRecoveryCodes([])} />;
    if (!isOn) return <SwitchOn proposed={mfaType ?? 'OTP'} onBegun={setBegun} />;
    if (options.enforce) return <p>An administrator decided that you have one, so it cannot be switched off.</p>;
    return <SwitchOff onBegun={setBegun} />;
  }

  return (
    <Section id="mfa" title="Second factor" about="A code, so that your password alone opens nothing.">
      <p className="row present">
        {isOn ? (mfaType === 'OTP' ? 'Authenticator app' : `E-mail to ${options.email}`) : 'None'}
        <Badge good={isOn}>{isOn ? 'on' : 'off'}</Badge>
      </p>
      {isOn && <p className="hint">Recovery codes left: {recoveryCodesLeft}</p>}
      {next()}
    </Section>
  );
}
