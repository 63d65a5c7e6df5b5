// The first step of sign-in: user id and password, and the domain if there are several.

import type { Demo } from '../demo/demo';
import { HAS_PASSKEYS } from '../session/passkey';
import { signIn, signInWithPasskey } from '../session/session';
import { Field } from './Field';
import { SampleUsers } from './SampleUsers';
import { SubmitButton } from './SubmitButton';
import { text, useForm } from './useForm';

interface PasswordFormProps {
  /** The demo whose sample users are offered, if the server is a demo. */
  demo: Demo | null;
  /** The input for which the server returned an error, by its name in the API. */
  wrongField: string | null;
  takesFocus: boolean;
}

export function PasswordForm({ demo, wrongField, takesFocus }: PasswordFormProps) {
  const { busy, onSubmit } = useForm((values) =>
    signIn({
      domainId: text(values, 'domainId').trim() || null,
      userId: text(values, 'userId'),
      password: text(values, 'password'),
    }),
  );

  return (
    <form className="form" onSubmit={onSubmit} aria-label="Sign in">
      {demo && <SampleUsers demo={demo} />}
      <Field name="domainId" label="Domain id (optional)" wrong={wrongField === 'domainId'} />
      <Field
        name="userId"
        label="User id"
        wrong={wrongField === 'userId'}
        autoComplete="username"
        autoFocus={takesFocus}
        required
      />
      <Field
        name="password"
        label="Password"
        wrong={wrongField === 'password'}
        type="password"
        autoComplete="current-password"
        required
      />
      <SubmitButton label="Sign in" busyLabel="Signing in…" busy={busy} />
      {HAS_PASSKEYS && (
        <button type="button" className="secondary" onClick={() => void signInWithPasskey()}>
          Use a passkey
        </button>
      )}
    </form>
  );
}
