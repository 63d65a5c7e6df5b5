// The password of a user who is known already.

import { useWords } from '../i18n';
import { PasswordField } from '../ui/Field';

/** With the user id, invisible, from which password managers know which password to fill in. */
export function KnownUserPassword({ userId }: { userId: string }) {
  const words = useWords();
  return (
    <>
      <input className="visually-hidden" autoComplete="username" value={userId} readOnly tabIndex={-1} aria-hidden="true" />
      <PasswordField name="password" label={words.password} autoComplete="current-password" required autoFocus />
    </>
  );
}
