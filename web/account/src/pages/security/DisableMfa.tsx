// Disables two-step sign-in, which the factor or a recovery code confirms.

import { useState } from 'react';
import { errorsOf, useAction, type Problem } from '../../api/actions';
import { graphql } from '../../gql';
import { fill, useWords } from '../../i18n';
import { Form } from '../../ui/Form';
import { ConfirmMfa } from './ConfirmMfa';
import { Step } from './Step';

const DisableMfaMutation = graphql(`
  mutation DisableMfa {
    disableMfa {
      sentTo
      errors { message code field retryAfter }
    }
  }
`);

interface DisableMfaProps {
  onDone: () => void;
  onCancel: () => void;
}

export function DisableMfa({ onDone, onCancel }: DisableMfaProps) {
  const { continue: submit, security: words } = useWords();
  const act = useAction();
  const [pending, setPending] = useState<{ sentTo: string | null } | null>(null);

  async function start(): Promise<readonly Problem[]> {
    const payload = await act(DisableMfaMutation, {});
    const errors = errorsOf(payload);
    if (errors.length === 0) setPending({ sentTo: payload.sentTo });
    return errors;
  }

  if (!pending) {
    return (
      <Step title={words.turnOffTitle}>
        <p>{words.turnOffText}</p>
        <Form submit={submit} onSubmit={start} onCancel={onCancel} />
      </Step>
    );
  }
  const { sentTo } = pending;
  return (
    <ConfirmMfa
      title={words.turnOffTitle}
      submit={words.turnOff}
      onConfirmed={onDone}
      onCancel={onCancel}
      onResend={sentTo ? start : undefined}
    >
      <p>{sentTo ? fill(words.turnOffWithEmail, { email: sentTo }) : words.turnOffWithApp}</p>
    </ConfirmMfa>
  );
}
