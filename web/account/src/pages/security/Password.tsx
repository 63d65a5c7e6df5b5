// Changes the password.

import { Fragment, useState } from 'react';
import { errorsOf, useAction } from '../../api/actions';
import { getFragmentData, graphql, type FragmentType } from '../../gql';
import { useWords } from '../../i18n';
import { PasswordField } from '../../ui/Field';
import { Form, text } from '../../ui/Form';
import { Section } from '../../ui/Page';
import { useToast } from '../../ui/toasts';

const PasswordUser = graphql(`
  fragment PasswordUser on User {
    id
    userId
  }
`);

const ChangePasswordMutation = graphql(`
  mutation ChangePassword($input: UpdatePasswordInput!) {
    updatePassword(input: $input) {
      user { id }
      errors { message code field retryAfter }
    }
  }
`);

export function Password({ user }: { user: FragmentType<typeof PasswordUser> }) {
  const { userId } = getFragmentData(PasswordUser, user);
  const { password, security: words } = useWords();
  const act = useAction();
  const toast = useToast();
  const [changes, setChanges] = useState(0);

  async function change(values: FormData) {
    const newPassword = text(values, 'newPassword');
    if (newPassword !== text(values, 'repeatedPassword')) return [DIFFERENT];
    const input = { currentPassword: text(values, 'currentPassword'), newPassword };
    const errors = errorsOf(await act(ChangePasswordMutation, { input }));
    if (errors.length === 0) {
      toast(words.passwordChanged);
      setChanges(changes + 1);
    }
    return errors;
  }

  return (
    <Section title={password} lead={words.passwordLead}>
      <Form submit={words.changePassword} onSubmit={change}>
        {/* Tells password managers whose password this is. */}
        <input className="visually-hidden" autoComplete="username" value={userId} readOnly tabIndex={-1} aria-hidden="true" />
        {/* Empty again after a change, while the button keeps its focus. */}
        <Fragment key={changes}>
          <PasswordField name="currentPassword" label={words.currentPassword} autoComplete="current-password" required />
          <PasswordField
            name="newPassword"
            label={words.newPassword}
            description={words.newPasswordRules}
            autoComplete="new-password"
            required
          />
          <PasswordField name="repeatedPassword" label={words.repeatedPassword} autoComplete="new-password" required />
        </Fragment>
      </Form>
    </Section>
  );
}

const DIFFERENT = { code: 'PASSWORDS_DIFFER', message: 'The two new passwords differ.', field: 'repeatedPassword' };
