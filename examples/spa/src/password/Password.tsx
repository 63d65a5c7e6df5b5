// Changing one's password.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import { useFreshSignIn } from '../sign-in/Reauthentication';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { Section } from '../ui/Section';
import { show } from '../visitor';

const UpdatePassword = graphql(`
  mutation UpdatePassword($input: UpdatePasswordInput!) {
    updatePassword(input: $input) {
      user { ...Account }
      errors { message code field }
    }
  }
`);

interface PasswordProps {
  /** Who is required to choose a new password need not know the present one. */
  isRequired: boolean;
}

export function Password({ isRequired }: PasswordProps) {
  const withFreshSignIn = useFreshSignIn();

  async function update(values: FormData) {
    const input = {
      currentPassword: isRequired ? null : text(values, 'currentPassword'),
      newPassword: text(values, 'newPassword'),
    };
    const { user, errors } = await withFreshSignIn(() => mutate(UpdatePassword, { input }));
    if (user) show(user);
    return errors;
  }

  return (
    <Section id="password" title="Password" about="A new one ends your sessions on all other devices.">
      <Form submit="Change password" done="Your password is changed." onSubmit={update}>
        {!isRequired && (
          <Field
            name="currentPassword"
            label="Present password"
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
