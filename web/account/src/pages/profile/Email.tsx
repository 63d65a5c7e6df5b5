// The email address: whether it is verified, and how it is changed.

import { useRef, useState } from 'react';
import type { Problem } from '../../api/actions';
import { fill, useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { useExplain } from '../../ui/explain';
import { Badge, Row, Rows, Section } from '../../ui/Page';
import { useToast } from '../../ui/toasts';
import { AddressForm } from './AddressForm';
import { CodeForm } from './CodeForm';
import type { Me } from './documents';
import { useSending } from './sending';

type Step = 'address' | 'code' | null;

interface EmailProps {
  me: Me;
  readAgain: () => void;
}

export function Email({ me, readAgain }: EmailProps) {
  const { profile: words } = useWords();
  const toast = useToast();
  const explain = useExplain();
  const [step, setStep] = useState<Step>(null);
  const [refused, setRefused] = useState<Problem | null>(null);
  const sending = useSending();
  const change = useRef<HTMLButtonElement>(null);
  const unverified = me.pendingEmail ?? (me.emailVerified ? null : me.email);

  function open(next: Step) {
    setRefused(null);
    sending.reset();
    setStep(next);
  }

  function close() {
    open(null);
    change.current?.focus();
  }

  async function verify() {
    open(null);
    const refusal = await sending.send();
    // Also if the server sends no further code at the moment: an earlier one may be in the mailbox.
    if (!refusal || refusal.code === 'RATE_LIMITED') setStep('code');
  }

  async function cancelChange() {
    open(null);
    if (await sending.cancel(me.email ?? '')) return;
    toast(words.changeCancelled);
    change.current?.focus();
  }

  /** The address belongs to another user, so it is no longer pending. */
  function giveUp(problem: Problem) {
    close();
    setRefused(problem);
    readAgain();
  }

  const problem = refused ?? (step === 'code' ? null : sending.problem);
  return (
    <Section title={words.email} lead={words.emailLead}>
      <Rows>
        <Row
          title={me.email ?? words.noEmail}
          badge={me.email && <Badge tone={me.emailVerified ? 'good' : 'warning'}>{me.emailVerified ? words.verified : words.notVerified}</Badge>}
          action={
            <div className="buttons">
              {me.email && !me.emailVerified && !me.pendingEmail && (
                <Button isBusy={sending.isBusy} onClick={() => void verify()}>
                  {words.verify}
                </Button>
              )}
              <Button ref={change} aria-expanded={step === 'address'} onClick={() => (step === 'address' ? close() : open('address'))}>
                {me.email ? words.changeEmail : words.addEmail}
              </Button>
            </div>
          }
        />
        {me.pendingEmail && (
          <Row
            title={me.pendingEmail}
            badge={<Badge tone="warning">{words.pending}</Badge>}
            detail={me.email && fill(words.pendingDetail, { email: me.email })}
            action={
              <div className="buttons">
                <Button onClick={() => open('code')}>{words.enterCode}</Button>
                {me.email && (
                  <Button isBusy={sending.isBusy} onClick={() => void cancelChange()}>
                    {words.cancelChange}
                  </Button>
                )}
              </div>
            }
          />
        )}
      </Rows>
      <div role="alert">{problem && <p className="form-error">{explain(problem)}</p>}</div>
      {step === 'address' && (
        <AddressForm
          isVerified={me.emailVerified}
          onSent={(sent) => {
            sending.note(sent);
            setStep('code');
          }}
          onClose={close}
        />
      )}
      {step === 'code' && unverified && <CodeForm address={unverified} sending={sending} onTaken={giveUp} onClose={close} />}
    </Section>
  );
}
