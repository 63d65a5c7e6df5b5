// Changes the password.

import { mutate } from '../api/execute';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { useReauthentication } from '../sign-in/Reauthentication';
import { Username } from '../sign-in/Username';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { Section } from '../ui/Section';
import { show } from '../visitor';

const PasswordUser = graphql(`
  fragment Password on User {
    userId
  }
`);

const UpdatePassword = graphql(`
  mutation UpdatePassword($input: UpdatePasswordInput!) {
    updatePassword(input: $input) {
      user { ...Account }
      errors { message code field }
    }
  }
`);

interface PasswordProps {
  user: FragmentType<typeof PasswordUser>;
  /** A user who is required to change the password does not need the current one. */
  isRequired: boolean;
}

export function Password({ user, isRequired }: PasswordProps) {
  const { userId } = getFragmentData(PasswordUser, user);
  const withReauthentication = useReauthentication();

  async function update(values: FormData) {
    const input = {
      currentPassword: isRequired ? null : text(values, 'currentPassword'),
      newPassword: text(values, 'newPassword'),
    };
    const { user: changed, errors } = await withReauthentication(() => mutate(UpdatePassword, { input }));
    if (changed) await show(changed);
    return errors;
  }

  return (
    <Section id="password" title="Password" about="Changing it signs out all other devices.">
      <Form submit="Change password" done="Your password is changed." onSubmit={update}>
        <Username userId={userId} />
        {!isRequired && (
          <Field
            name="currentPassword"
            label="Current password"
            type="password"
            autoComplete="current-password"
            required
          />
        )}
        <Field
          name="newPassword"
          label="New password"
          hint="At least 8 characters."
          type="password"
          autoComplete="new-password"
          required
        />
      </Form>
    </Section>
  );
}
