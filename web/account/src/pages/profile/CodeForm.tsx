// The code that was sent to an address, which verifies it.

import { errorsOf, useAction, type Problem } from '../../api/actions';
import { fill, useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Button } from '../../ui/Button';
import { useExplain } from '../../ui/explain';
import { CodeField } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { useToast } from '../../ui/toasts';
import { ConfirmEmailMutation } from './documents';
import type { Sending } from './sending';

interface CodeFormProps {
  address: string;
  sending: Sending;
  onTaken: (problem: Problem) => void;
  onClose: () => void;
}

export function CodeForm({ address, sending, onTaken, onClose }: CodeFormProps) {
  const { profile: words } = useWords();
  const format = useFormat();
  const act = useAction();
  const toast = useToast();
  const { sent } = sending;
  const hint = sent
    ? fill(words.codeSent, { email: sent.address, time: format.clock(sent.expiresAt) })
    : fill(words.enterCodeFor, { email: address });

  async function confirm(values: FormData) {
    const payload = await act(ConfirmEmailMutation, { input: { verifyCode: text(values, 'verifyCode') } });
    const problems = errorsOf(payload);
    const taken = problems.find(({ code }) => code === 'EMAIL_TAKEN');
    if (taken) onTaken(taken);
    if (payload.user) {
      toast(fill(words.emailConfirmed, { email: payload.user.email ?? address }));
      onClose();
    }
    return problems;
  }

  return (
    <>
      <Form submit={words.confirm} onSubmit={confirm} onCancel={onClose}>
        <CodeField label={words.code} description={hint} autoFocus />
      </Form>
      <SendAgain sending={sending} />
    </>
  );
}

function SendAgain({ sending }: { sending: Sending }) {
  const { profile: words } = useWords();
  const explain = useExplain();
  const toast = useToast();

  async function sendAgain() {
    if (!(await sending.send())) toast(words.codeSentAgain);
  }

  return (
    <div>
      <p className="field-description">
        {words.noMessage}{' '}
        <Button variant="link" isBusy={sending.isBusy} onClick={() => void sendAgain()}>
          {words.sendAgain}
        </Button>
      </p>
      <div role="alert">{sending.problem && <p className="form-error">{explain(sending.problem)}</p>}</div>
    </div>
  );
}
