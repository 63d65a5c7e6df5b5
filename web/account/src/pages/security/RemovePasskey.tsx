// Removes a passkey.

import { errorsOf, useAction } from '../../api/actions';
import { graphql } from '../../gql';
import { fill, useWords } from '../../i18n';
import { useToast } from '../../ui/toasts';
import { Confirmation } from './Confirmation';
import type { Passkey } from './PasskeyRow';

const RemovePasskeyMutation = graphql(`
  mutation RemovePasskey($input: RemovePasskeyInput!) {
    removePasskey(input: $input) {
      user {
        id
        passkeys { id }
      }
      errors { message code field }
    }
  }
`);

interface RemovePasskeyProps {
  passkey: Passkey;
  onClose: () => void;
}

export function RemovePasskey({ passkey: { id, name }, onClose }: RemovePasskeyProps) {
  const { remove, security: words } = useWords();
  const act = useAction();
  const toast = useToast();

  async function confirm() {
    const errors = errorsOf(await act(RemovePasskeyMutation, { input: { id } }));
    if (errors.length === 0) {
      toast(words.passkeyRemoved);
      onClose();
    }
    return errors;
  }

  return (
    <Confirmation title={words.removeTitle} submit={remove} onConfirm={confirm} onClose={onClose}>
      {fill(words.removeText, { name })}
    </Confirmation>
  );
}
