// The second step of sign-in, for users with multi-factor authentication enabled.

import { confirmSignIn, startOver } from '../session/session';
import { Field } from './Field';
import { SubmitButton } from './SubmitButton';
import { text, useForm } from './useForm';

interface CodeFormProps {
  /** Whether the server returned an error for the code. */
  wrong: boolean;
  takesFocus: boolean;
}

export function CodeForm({ wrong, takesFocus }: CodeFormProps) {
  const { busy, onSubmit } = useForm((values) => confirmSignIn(text(values, 'verifyCode').trim()));

  return (
    <form className="form" onSubmit={onSubmit} aria-label="Confirm sign-in">
      <Field name="verifyCode" label="Code" wrong={wrong} autoComplete="one-time-code" autoFocus={takesFocus} required />
      <SubmitButton label="Confirm" busyLabel="Confirming…" busy={busy} />
      <button type="button" className="secondary" onClick={startOver}>
        Start over
      </button>
    </form>
  );
}
