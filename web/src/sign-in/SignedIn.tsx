// Shows the authenticated user, and the sign-out button.

import type { Person } from '../session/operations';
import { signOut } from '../session/session';

interface SignedInProps {
  person: Person;
  takesFocus: boolean;
}

export function SignedIn({ person, takesFocus }: SignedInProps) {
  return (
    <div className="signed-in">
      <p className="who">
        Signed in as <strong>{person.name ?? person.userId}</strong>
        {person.name && <span className="user-id">{person.userId}</span>}
      </p>
      <button type="button" className="secondary" autoFocus={takesFocus} onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}
