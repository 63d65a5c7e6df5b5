// The second step: a code, or a passkey instead.

import type { Problem } from '../api/actions';
import { fill, useWords } from '../i18n';
import { Button } from '../ui/Button';
import { useExplain } from '../ui/explain';
import { CodeField } from '../ui/Field';
import { Form, text } from '../ui/Form';
import type { Challenge, Factor } from './challenge';
import { askAuthenticator } from './passkey';
import { PasskeyButton } from './PasskeyButton';

type Question = Pick<Challenge, 'mfaType' | 'sentTo' | 'passkeyOptions' | 'problem'>;

interface CodeStepProps {
  question: Question;
  /** Confirms the factor, and returns the errors. */
  onConfirm: (factor: Factor) => Promise<readonly Problem[]>;
  onStartOver: () => void;
  onCancel?: () => void;
}

export function CodeStep({ question, onConfirm, onStartOver, onCancel }: CodeStepProps) {
  const words = useWords();
  const explain = useExplain();
  const { passkeyOptions, problem } = question;

  async function confirm(values: FormData) {
    const verifyCode = text(values, 'verifyCode').trim();
    // Without a code, `reauthenticate` would send another one.
    if (!verifyCode) return [{ code: 'REQUIRED', message: 'Enter the code.', field: 'verifyCode' }];
    return onConfirm({ verifyCode });
  }

  return (
    <>
      {problem && (
        <p className="notice notice-warning" role="alert">
          {explain(problem)}
        </p>
      )}
      <Form submit={words.continue} onSubmit={confirm} onCancel={onCancel}>
        <CodeField label={words.signIn.code.label} description={useHint(question)} autoFocus />
      </Form>
      <div className="gate-others">
        {passkeyOptions && (
          <PasskeyButton
            label={words.signIn.code.passkey}
            onAsk={async () => onConfirm({ credential: await askAuthenticator(passkeyOptions) })}
          />
        )}
        <Button variant="link" onClick={onStartOver}>
          {words.signIn.code.startOver}
        </Button>
      </div>
    </>
  );
}

/** Where the user finds the code. */
function useHint({ mfaType, sentTo }: Question): string {
  const { code } = useWords().signIn;
  if (mfaType === 'OTP') return code.app;
  return sentTo ? fill(code.sent, { address: sentTo }) : code.notSent;
}
