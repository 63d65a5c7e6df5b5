// The code that completes a pending change of two-step sign-in.

import type { ReactNode } from 'react';
import { errorsOf, useAction, type Problem } from '../../api/actions';
import { graphql } from '../../gql';
import { useWords } from '../../i18n';
import { CodeField } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { ResendCode } from './ResendCode';
import { Step } from './Step';

// Not the required actions: users who must enable MFA would lose this page before they have saved the recovery codes.
const ConfirmMfaMutation = graphql(`
  mutation ConfirmMfa($input: ConfirmMfaInput!) {
    confirmMfa(input: $input) {
      user {
        id
        mfa {
          state
          mfaType
          options { email enforce }
          recoveryCodesLeft
        }
      }
      recoveryCodes
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);

interface ConfirmMfaProps {
  title: string;
  /** The label of the code, and of the button. */
  label?: string;
  submit?: string;
  /** Where the user finds the code. */
  children: ReactNode;
  onConfirmed: (recoveryCodes: readonly string[]) => void;
  onCancel: () => void;
  /** Sends another code, if it was sent by email. */
  onResend?: (() => Promise<readonly Problem[]>) | undefined;
}

export function ConfirmMfa({ title, label, submit, children, onConfirmed, onCancel, onResend }: ConfirmMfaProps) {
  const { security: words } = useWords();
  const act = useAction();

  async function confirm(values: FormData) {
    const payload = await act(ConfirmMfaMutation, { input: { verifyCode: text(values, 'verifyCode') } });
    if (payload.user) onConfirmed(payload.recoveryCodes ?? []);
    return errorsOf(payload);
  }

  return (
    <Step title={title}>
      {children}
      <Form submit={submit ?? words.confirm} onSubmit={confirm} onCancel={onCancel}>
        {/* What precedes the code when an app is set up must be read first. */}
        <CodeField label={label ?? words.code} autoFocus={!label} />
      </Form>
      {onResend && <ResendCode onResend={onResend} />}
    </Step>
  );
}
