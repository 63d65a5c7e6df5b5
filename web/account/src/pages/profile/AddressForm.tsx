// A new email address, to which a code is sent.

import { errorsOf, useAction } from '../../api/actions';
import { useWords } from '../../i18n';
import { Field } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { useToast } from '../../ui/toasts';
import { UpdateProfileMutation } from './documents';
import type { Sent } from './sending';

interface AddressFormProps {
  /** The current address is verified, so it gets a link that undoes the change. */
  isVerified: boolean;
  onSent: (sent: Sent) => void;
  onClose: () => void;
}

export function AddressForm({ isVerified, onSent, onClose }: AddressFormProps) {
  const { profile: words } = useWords();
  const act = useAction();
  const toast = useToast();

  async function request(values: FormData) {
    const payload = await act(UpdateProfileMutation, { input: { email: text(values, 'email').trim() } });
    if (payload.sentTo && payload.expiresAt) {
      onSent({ address: payload.sentTo, expiresAt: payload.expiresAt });
    } else if (payload.user) {
      toast(words.sameEmail);
      onClose();
    }
    return errorsOf(payload);
  }

  return (
    <Form submit={words.sendCode} onSubmit={request} onCancel={onClose}>
      <Field
        name="email"
        type="email"
        label={words.newEmail}
        description={isVerified ? `${words.newEmailHint} ${words.undoHint}` : words.newEmailHint}
        autoComplete="email"
        autoFocus
        required
      />
    </Form>
  );
}
