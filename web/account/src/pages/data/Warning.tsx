// Before a code is sent: what is deleted with the account.

import { errorsOf, useAction, type Problem } from '../../api/actions';
import { fill, useWords } from '../../i18n';
import { Form } from '../../ui/Form';
import { Modal } from '../../ui/Modal';
import { Bullets } from './Bullets';
import { RequestAccountDeletionDocument } from './documents';

interface WarningProps {
  email: string;
  onSent: (sentTo: string) => void;
  /** The account cannot be deleted. Returns whether the problem was one of that kind. */
  onRefused: (problem: Problem) => boolean;
  onClose: () => void;
}

export function Warning({ email, onSent, onRefused, onClose }: WarningProps) {
  const { data: words } = useWords();
  const act = useAction();
  async function send() {
    const payload = await act(RequestAccountDeletionDocument, {});
    if (payload.sentTo) onSent(payload.sentTo);
    return errorsOf(payload).filter((problem) => !onRefused(problem));
  }
  return (
    <Modal title={words.deletion} onClose={onClose}>
      <div>
        <h3 className="bullets-title">{words.deleted}</h3>
        <Bullets items={words.deletedItems} />
      </div>
      <div>
        <h3 className="bullets-title">{words.stays}</h3>
        <Bullets items={words.staysItems} />
      </div>
      <p>{words.deletionLead}</p>
      <Form submit={fill(words.sendCode, { email })} variant="danger" onSubmit={send} onCancel={onClose} />
    </Modal>
  );
}
