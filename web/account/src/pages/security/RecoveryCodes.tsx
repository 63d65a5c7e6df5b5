// The recovery codes: how many are left, and new ones.

import { useState } from 'react';
import { errorsOf, useAction } from '../../api/actions';
import { getFragmentData, graphql, type FragmentType } from '../../gql';
import { fill, useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { Badge, Row, Rows, Section } from '../../ui/Page';
import { Confirmation } from './Confirmation';
import { useFocusBack } from './focus';
import { SaveCodes } from './SaveCodes';

const FEW = 3;

const RecoveryCodesUser = graphql(`
  fragment RecoveryCodesUser on User {
    id
    mfa {
      state
      recoveryCodesLeft
    }
  }
`);

const RegenerateMutation = graphql(`
  mutation RegenerateRecoveryCodes {
    regenerateRecoveryCodes {
      user {
        id
        mfa {
          state
          recoveryCodesLeft
        }
      }
      recoveryCodes
      errors { message code field retryAfter }
    }
  }
`);

export function RecoveryCodes({ user }: { user: FragmentType<typeof RecoveryCodesUser> }) {
  const { mfa } = getFragmentData(RecoveryCodesUser, user);
  const { security: words } = useWords();
  const act = useAction();
  const [isAsking, setAsking] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const button = useFocusBack<HTMLDivElement>(codes !== null);

  async function regenerate() {
    const payload = await act(RegenerateMutation, {});
    if (payload.recoveryCodes) {
      setAsking(false);
      setCodes(payload.recoveryCodes);
    }
    return errorsOf(payload);
  }

  if (mfa.state !== 'ENABLED') return null;
  const left = mfa.recoveryCodesLeft;
  return (
    <Section title={words.recoveryCodes} lead={words.recoveryLead}>
      <Rows>
        <Row
          title={fill(words.codesLeft, { count: left })}
          badge={left <= FEW && <Badge tone="warning">{words.low}</Badge>}
          action={
            <div ref={button}>{!codes && <Button onClick={() => setAsking(true)}>{words.regenerate}</Button>}</div>
          }
        />
      </Rows>
      {left <= FEW && <p className="notice notice-warning">{left === 0 ? words.noCodesLeft : words.fewCodesLeft}</p>}
      {codes && <SaveCodes codes={codes} onSaved={() => setCodes(null)} />}
      {isAsking && (
        <Confirmation
          title={words.regenerateTitle}
          submit={words.regenerate}
          onConfirm={regenerate}
          onClose={() => setAsking(false)}
        >
          {words.regenerateText}
        </Confirmation>
      )}
    </Section>
  );
}
