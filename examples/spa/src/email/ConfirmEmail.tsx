// The code that verifies an address, and what to do if it does not arrive.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import { Field } from '../ui/Field';
import { Form, text, type UserError } from '../ui/Form';
import { show } from '../visitor';

const ConfirmEmailMutation = graphql(`
  mutation ConfirmEmail($input: ConfirmEmailInput!) {
    confirmEmail(input: $input) {
      user { ...Account }
      errors { message field }
    }
  }
`);

interface ConfirmEmailProps {
  address: string;
  onConfirmed: () => void;
  onSendAgain: () => Promise<readonly UserError[]>;
  /** Null if there is no address to go back to. */
  onCancel: (() => Promise<readonly UserError[]>) | null;
}

export function ConfirmEmail({ address, onConfirmed, onSendAgain, onCancel }: ConfirmEmailProps) {
  async function confirm(values: FormData) {
    const { user, errors } = await mutate(ConfirmEmailMutation, { input: { verifyCode: text(values, 'verifyCode') } });
    if (user) {
      await show(user);
      onConfirmed();
    }
    return errors;
  }

  return (
    <>
      <p>We sent a code to <strong>{address}</strong>. Enter it to confirm the address.</p>
      <Form submit="Confirm" onSubmit={confirm}>
        <Field name="verifyCode" label="Code" inputMode="numeric" autoComplete="one-time-code" required />
      </Form>
      <div className="row">
        {onCancel && <Form submit="Cancel" quiet onSubmit={onCancel} />}
        <Form submit="Send a new code" quiet done="A new code is on its way." onSubmit={onSendAgain} />
      </div>
    </>
  );
}
