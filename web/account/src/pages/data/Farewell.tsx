// The deletion is scheduled, and the session has ended. On top of the page, which could not read anything any more.

import { signedOut } from '../../api/session';
import { fill, useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Button } from '../../ui/Button';
import { Modal } from '../../ui/Modal';

export function Farewell({ deletionAt }: { deletionAt: string }) {
  const { data: words } = useWords();
  const format = useFormat();
  return (
    <Modal title={words.farewell} onClose={signedOut}>
      <p>{fill(words.farewellTime, { time: format.dateTime(deletionAt) })}</p>
      <p>{words.farewellMore}</p>
      <div className="buttons">
        <Button variant="primary" onClick={signedOut}>
          {words.understood}
        </Button>
      </div>
    </Modal>
  );
}
