// Adds a passkey.

import { errorsOf, useAction } from '../../api/actions';
import { graphql } from '../../gql';
import { useWords } from '../../i18n';
import { Field } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { useToast } from '../../ui/toasts';
import { Step } from './Step';
import { createPasskey, deviceName } from './webauthn';

const AddPasskeyMutation = graphql(`
  mutation AddPasskey {
    addPasskey {
      options
      errors { message code field retryAfter }
    }
  }
`);

const ConfirmPasskeyMutation = graphql(`
  mutation ConfirmPasskey($input: ConfirmPasskeyInput!) {
    confirmPasskey(input: $input) {
      user { id }
      passkey { id name createdAt lastUsedAt isBackedUp }
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);

export function AddPasskey({ onClose }: { onClose: () => void }) {
  const { continue: submit, security: words } = useWords();
  const act = useAction();
  const toast = useToast();

  async function add(values: FormData) {
    // Refused here rather than after the passkey was created: the device would keep it.
    const name = text(values, 'name').trim();
    if (!name) return [NAMELESS];
    const begun = await act(AddPasskeyMutation, {});
    if (!begun.options) return errorsOf(begun);
    const credential = await createPasskey(begun.options);
    const errors = errorsOf(await act(ConfirmPasskeyMutation, { input: { credential, name } }));
    if (errors.length === 0) {
      toast(words.passkeyAdded);
      onClose();
    }
    return errors;
  }

  return (
    <Step title={words.addPasskey}>
      <p>{words.addPasskeyText}</p>
      <Form submit={submit} onSubmit={add} onCancel={onClose}>
        <Field
          name="name"
          label={words.passkeyName}
          description={words.passkeyNameHint}
          defaultValue={deviceName() ?? words.passkeyDefaultName}
          maxLength={128}
          autoComplete="off"
          required
        />
      </Form>
    </Step>
  );
}

const NAMELESS = { code: 'REQUIRED', message: 'The passkey needs a name.', field: 'name' };
