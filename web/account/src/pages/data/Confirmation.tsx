// The code that was sent confirms the deletion.

import { errorsOf, useAction } from '../../api/actions';
import { sessionClosed } from '../../api/session';
import { fill, useWords } from '../../i18n';
import { CodeField } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { Modal } from '../../ui/Modal';
import { ConfirmAccountDeletionDocument } from './documents';
import { NewCode } from './NewCode';

interface ConfirmationProps {
  sentTo: string;
  onDone: (deletionAt: string) => void;
  onClose: () => void;
}

export function Confirmation({ sentTo, onDone, onClose }: ConfirmationProps) {
  const { data: words } = useWords();
  const act = useAction();
  async function confirm(values: FormData) {
    const payload = await act(ConfirmAccountDeletionDocument, { input: { verifyCode: text(values, 'verifyCode') } });
    if (payload.deletionScheduledAt) {
      sessionClosed();
      onDone(payload.deletionScheduledAt);
    }
    return errorsOf(payload);
  }
  return (
    <Modal title={words.deletion} onClose={onClose}>
      <p>{fill(words.enterCode, { email: sentTo })}</p>
      <Form submit={words.deleteNow} variant="danger" onSubmit={confirm} onCancel={onClose}>
        <CodeField label={words.code} />
      </Form>
      <NewCode />
    </Modal>
  );
}
