// Renames a passkey. The list shows the new name at once.

import { errorsOf, useAction } from '../../api/actions';
import { graphql } from '../../gql';
import { useWords } from '../../i18n';
import { Field } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { Modal } from '../../ui/Modal';
import { useToast } from '../../ui/toasts';
import type { Passkey } from './PasskeyRow';

const RenamePasskeyMutation = graphql(`
  mutation RenamePasskey($input: RenamePasskeyInput!) {
    renamePasskey(input: $input) {
      passkey { id name }
      errors { message code field }
    }
  }
`);

interface RenamePasskeyProps {
  passkey: Passkey;
  onClose: () => void;
}

export function RenamePasskey({ passkey: { id, name }, onClose }: RenamePasskeyProps) {
  const { save, security: words } = useWords();
  const act = useAction();
  const toast = useToast();

  async function rename(values: FormData) {
    const newName = text(values, 'name').trim();
    const errors = newName === name ? [] : errorsOf(await act(RenamePasskeyMutation, { input: { id, name: newName } }));
    if (errors.length === 0) {
      if (newName !== name) toast(words.passkeyRenamed);
      onClose();
    }
    return errors;
  }

  return (
    <Modal title={words.renameTitle} onClose={onClose}>
      <Form submit={save} onSubmit={rename} onCancel={onClose}>
        <Field name="name" label={words.passkeyName} defaultValue={name} maxLength={128} autoComplete="off" required />
      </Form>
    </Modal>
  );
}
