import { useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import type { Problem } from '../../api/actions';
import { pathOf } from '../../app/paths';
import { useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Page';
import { Confirmation } from './Confirmation';
import { DeletionAddressDocument } from './documents';
import { Farewell } from './Farewell';
import { Warning } from './Warning';

type Step = { name: 'none' } | { name: 'warning' } | { name: 'code'; sentTo: string } | { name: 'done'; deletionAt: string };

type Refusal = 'DELETION_DISABLED' | 'LAST_ADMIN' | 'REQUIRED' | 'INVALID';

export function DeletionSection() {
  const { data: words } = useWords();
  const [{ data }] = useQuery({ query: DeletionAddressDocument });
  const [step, setStep] = useState<Step>({ name: 'none' });
  const [refused, setRefused] = useState<Refusal | null>(null);
  const email = data?.me?.email ?? '';
  const close = () => setStep({ name: 'none' });

  function refuse({ code }: Problem): boolean {
    if (!(code in words.refusals)) return false;
    setRefused(code as Refusal);
    close();
    return true;
  }

  const refusal = refused ?? (data?.me && !data.me.emailVerified ? 'REQUIRED' : null);
  return (
    <Section title={words.deletion} lead={words.deletionLead}>
      <div>
        {/* Always there, so that screen readers announce a refusal. */}
        <div role="status">{refusal && <RefusalNotice refusal={refusal} />}</div>
        {!refusal && (
          <Button variant="danger" onClick={() => setStep({ name: 'warning' })}>
            {words.deleteAccount}
          </Button>
        )}
      </div>
      {step.name === 'warning' && (
        <Warning email={email} onSent={(sentTo) => setStep({ name: 'code', sentTo })} onRefused={refuse} onClose={close} />
      )}
      {step.name === 'code' && (
        <Confirmation {...step} onDone={(deletionAt) => setStep({ name: 'done', deletionAt })} onClose={close} />
      )}
      {step.name === 'done' && <Farewell {...step} />}
    </Section>
  );
}

function RefusalNotice({ refusal }: { refusal: Refusal }) {
  const { data: words } = useWords();
  return (
    <div className="notice notice-warning">
      <p>{words.refusals[refusal]}</p>
      {(refusal === 'REQUIRED' || refusal === 'INVALID') && <Link href={pathOf('profile')}>{words.toProfile}</Link>}
    </div>
  );
}
