// Two-step sign-in: its state, and what can be done about it.

import { useState } from 'react';
import { getFragmentData, graphql, type FragmentType } from '../../gql';
import type { MfaUserFragment } from '../../gql/graphql';
import { fill, useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { Badge, Row, Rows, Section } from '../../ui/Page';
import { useToast } from '../../ui/toasts';
import { DisableMfa } from './DisableMfa';
import EnableMfa from './EnableMfa';
import { useFocusBack } from './focus';

const MfaUser = graphql(`
  fragment MfaUser on User {
    id
    mfa {
      state
      mfaType
      options { email enforce }
    }
  }
`);

export function Mfa({ user }: { user: FragmentType<typeof MfaUser> }) {
  const { mfa } = getFragmentData(MfaUser, user);
  const { security: words } = useWords();
  const toast = useToast();
  const [open, setOpen] = useState<'enable' | 'disable' | null>(null);
  const buttons = useFocusBack<HTMLDivElement>(open !== null);
  const close = () => setOpen(null);
  const finish = (sentence: string) => {
    close();
    toast(sentence);
  };

  const isOn = mfa.state === 'ENABLED';
  const action = (
    <div className="buttons" ref={buttons}>
      <Button onClick={() => setOpen('enable')}>{isOn ? words.changeFactor : words.turnOn}</Button>
      {isOn && !mfa.options.enforce && <Button onClick={() => setOpen('disable')}>{words.turnOff}</Button>}
    </div>
  );
  return (
    <Section title={words.mfa} lead={words.mfaLead}>
      <Rows>
        <Factor mfa={mfa} action={open === null && action} />
      </Rows>
      {mfa.options.enforce && <p className="notice">{words.enforced}</p>}
      {open === 'enable' && <EnableMfa onDone={() => finish(words.mfaOn)} onCancel={close} />}
      {open === 'disable' && <DisableMfa onDone={() => finish(words.mfaOff)} onCancel={close} />}
    </Section>
  );
}

function Factor({ mfa, action }: { mfa: MfaUserFragment['mfa']; action: React.ReactNode }) {
  const { security: words } = useWords();
  if (mfa.state === 'DISABLED') {
    return <Row title={words.noFactor} badge={<Badge>{words.off}</Badge>} detail={words.noFactorDetail} action={action} />;
  }
  const badge = <Badge tone="good">{words.on}</Badge>;
  if (mfa.mfaType === 'OTP') return <Row title={words.app} badge={badge} detail={words.appDetail} action={action} />;
  const detail = fill(words.emailDetail, { email: mfa.options.email ?? '' });
  return <Row title={words.email} badge={badge} detail={detail} action={action} />;
}
