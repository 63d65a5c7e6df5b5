// One passkey of the list.

import type { PasskeysUserFragment } from '../../gql/graphql';
import { fill, useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Button } from '../../ui/Button';
import { Badge, Row } from '../../ui/Page';

export type Passkey = PasskeysUserFragment['passkeys'][number];

interface PasskeyRowProps {
  passkey: Passkey;
  onChange: (to: 'rename' | 'remove') => void;
}

export function PasskeyRow({ passkey: { name, createdAt, lastUsedAt, isBackedUp }, onChange }: PasskeyRowProps) {
  const { remove, security: words } = useWords();
  const format = useFormat();
  const added = fill(words.added, { date: format.date(createdAt) });
  const used = lastUsedAt ? fill(words.lastUsed, { time: format.ago(lastUsedAt) }) : words.neverUsed;
  return (
    <Row
      title={name}
      badge={isBackedUp && <Badge tone="good">{words.synced}</Badge>}
      detail={`${added} · ${used}`}
      action={
        <div className="buttons">
          <Button aria-label={fill(words.renamePasskey, { name })} onClick={() => onChange('rename')}>
            {words.rename}
          </Button>
          <Button aria-label={fill(words.removePasskey, { name })} onClick={() => onChange('remove')}>
            {remove}
          </Button>
        </div>
      }
    />
  );
}
