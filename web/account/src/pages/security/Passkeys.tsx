// The user's passkeys.

import { useState } from 'react';
import { getFragmentData, graphql, type FragmentType } from '../../gql';
import { useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { Rows, Section } from '../../ui/Page';
import { Empty } from '../../ui/states';
import { AddPasskey } from './AddPasskey';
import { useFocusBack, useFocusKept } from './focus';
import { PasskeyRow } from './PasskeyRow';
import { RemovePasskey } from './RemovePasskey';
import { RenamePasskey } from './RenamePasskey';
import { canCreatePasskeys } from './webauthn';

const PasskeysUser = graphql(`
  fragment PasskeysUser on User {
    id
    passkeys {
      id
      name
      createdAt
      lastUsedAt
      isBackedUp
    }
  }
`);

export function Passkeys({ user }: { user: FragmentType<typeof PasskeysUser> }) {
  const { passkeys } = getFragmentData(PasskeysUser, user);
  const { errors, security: words } = useWords();
  const [isAdding, setAdding] = useState(false);
  const [change, setChange] = useState<{ to: 'rename' | 'remove'; id: string } | null>(null);
  const adding = useFocusBack<HTMLSpanElement>(isAdding);
  useFocusKept(passkeys.length, adding);
  const changed = passkeys.find(({ id }) => id === change?.id);
  const close = () => setChange(null);

  const add = canCreatePasskeys() && !isAdding && <Button onClick={() => setAdding(true)}>{words.addPasskey}</Button>;
  return (
    <Section title={words.passkeys} lead={words.passkeysLead} action={<span ref={adding}>{add}</span>}>
      {!canCreatePasskeys() && <p className="notice notice-warning">{errors.PASSKEYS_UNSUPPORTED}</p>}
      {isAdding && <AddPasskey onClose={() => setAdding(false)} />}
      {passkeys.length === 0 && !isAdding && <Empty>{words.noPasskeys}</Empty>}
      {passkeys.length > 0 && (
        <Rows>
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onChange={(to) => setChange({ to, id: passkey.id })} />
          ))}
        </Rows>
      )}
      {changed && change?.to === 'rename' && <RenamePasskey passkey={changed} onClose={close} />}
      {changed && change?.to === 'remove' && <RemovePasskey passkey={changed} onClose={close} />}
    </Section>
  );
}
