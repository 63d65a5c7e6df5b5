import { errorsOf, useAction } from '../../api/actions';
import { fill, useWords } from '../../i18n';
import { Form } from '../../ui/Form';
import { Modal } from '../../ui/Modal';
import { useToast } from '../../ui/toasts';
import { RevokeOtherSessionsDocument } from './documents';

interface SignOutOthersProps {
  /** The number of other sessions. */
  count: number;
  onClose: () => void;
}

export function SignOutOthers({ count, onClose }: SignOutOthersProps) {
  const { sessions } = useWords();
  const act = useAction();
  const toast = useToast();
  async function signOut() {
    const problems = errorsOf(await act(RevokeOtherSessionsDocument, {}));
    if (problems.length === 0) {
      toast(sessions.othersEnded);
      onClose();
    }
    return problems;
  }
  return (
    <Modal title={sessions.everywhereElse} onClose={onClose}>
      <p>{count === 1 ? sessions.everywhereElseOne : fill(sessions.everywhereElseMany, { count })}</p>
      <Form submit={sessions.everywhereElse} variant="danger" onSubmit={signOut} onCancel={onClose} />
    </Modal>
  );
}
