// Sends another code by email.

import { useState } from 'react';
import { ActionFailed, type Problem } from '../../api/actions';
import { useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { useExplain } from '../../ui/explain';

export function ResendCode({ onResend }: { onResend: () => Promise<readonly Problem[]> }) {
  const { security: words } = useWords();
  const explain = useExplain();
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState('');

  async function resend() {
    setBusy(true);
    setResult('');
    const [problem] = await onResend().catch(problemsOf);
    setResult(problem ? explain(problem) : words.sentAgain);
    setBusy(false);
  }

  return (
    <div className="resend">
      <Button variant="link" isBusy={isBusy} onClick={() => void resend()}>
        {words.sendAgain}
      </Button>
      <p role="status">{result}</p>
    </div>
  );
}

function problemsOf(failure: unknown): readonly Problem[] {
  if (failure instanceof ActionFailed) return [failure.problem];
  throw failure;
}
