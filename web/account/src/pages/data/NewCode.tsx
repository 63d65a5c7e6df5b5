import { useState } from 'react';
import { ActionFailed, errorsOf, useAction } from '../../api/actions';
import { useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { useExplain } from '../../ui/explain';
import { RequestAccountDeletionDocument } from './documents';

export function NewCode() {
  const { data: words } = useWords();
  const act = useAction();
  const explain = useExplain();
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState('');
  async function send() {
    setBusy(true);
    setResult('');
    try {
      const [problem] = errorsOf(await act(RequestAccountDeletionDocument, {}));
      setResult(problem ? explain(problem) : words.codeSent);
    } catch (failure) {
      if (!(failure instanceof ActionFailed)) throw failure;
      setResult(explain(failure.problem));
    } finally {
      setBusy(false);
    }
  }
  return (
    <div>
      <Button variant="link" isBusy={isBusy} onClick={() => void send()}>
        {words.newCode}
      </Button>
      <p role="status">{result}</p>
    </div>
  );
}
