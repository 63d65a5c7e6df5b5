// The user must choose a new password, because an operator has set the current one.

import { errorsOf, useAction } from '../api/actions';
import { graphql } from '../gql';
import { useWords } from '../i18n';
import { PasswordField } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { Page } from '../ui/Page';
import { useToast } from '../ui/toasts';

const ReplacePasswordMutation = graphql(`
  mutation ReplacePassword($input: UpdatePasswordInput!) {
    updatePassword(input: $input) {
      user { id requiredActions }
      errors { message code field retryAfter }
    }
  }
`);

export function RequiredPassword({ onDone }: { onDone: () => void }) {
  const { newPassword } = useWords().signIn;
  const act = useAction();
  const toast = useToast();

  async function replace(values: FormData) {
    // While this is required, the server does not check the current password: the user may not know it.
    const payload = await act(ReplacePasswordMutation, { input: { newPassword: text(values, 'newPassword') } });
    if (payload.user) {
      toast(newPassword.done);
      onDone();
    }
    return errorsOf(payload);
  }

  return (
    <Page title={newPassword.title} lead={newPassword.lead}>
      <div className="section">
        <Form submit={newPassword.submit} onSubmit={replace}>
          <PasswordField
            name="newPassword"
            label={newPassword.new}
            description={newPassword.note}
            autoComplete="new-password"
            required
          />
        </Form>
      </div>
    </Page>
  );
}
