// A button that asks for a passkey, and says why that failed.

import { useState } from 'react';
import { ActionFailed, type Problem } from '../api/actions';
import { useWords } from '../i18n';
import { Button } from '../ui/Button';
import { useExplain } from '../ui/explain';
import { HAS_PASSKEYS } from './passkey';

interface PasskeyButtonProps {
  label: string;
  /** Asks for the passkey, and returns the errors. */
  onAsk: () => Promise<readonly Problem[]>;
}

export function PasskeyButton({ label, onAsk }: PasskeyButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const explain = useExplainPasskey();
  if (!HAS_PASSKEYS) return null;

  async function ask() {
    setBusy(true);
    setProblem(null);
    try {
      setProblem((await onAsk())[0] ?? null);
    } catch (failure) {
      if (!(failure instanceof ActionFailed)) throw failure;
      setProblem(failure.problem);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="passkey">
      <Button isBusy={isBusy} onClick={() => void ask()}>
        {label}
      </Button>
      <div role="alert">{problem && <p className="form-error">{explain(problem)}</p>}</div>
    </div>
  );
}

function useExplainPasskey(): (problem: Problem) => string {
  const { signIn } = useWords();
  const explain = useExplain();
  return (problem) => (signIn.passkeyProblems as Record<string, string>)[problem.code] ?? explain(problem);
}
