// The bar above GraphiQL: who is signed in, or the form to become that, and what there is to say about it.

import { useRef } from 'react';
import logo from '../assets/favicon.svg';
import { useSession, type Session } from '../session/store';
import { CodeForm } from './CodeForm';
import { MESSAGE_ID } from './Field';
import { PasswordForm } from './PasswordForm';
import { SignedIn } from './SignedIn';
import './sign-in.css';

export function SignIn() {
  const session = useSession();
  const bar = useRef<HTMLElement>(null);
  // What takes the place of the form that has the focus takes the focus too; nobody else's is stolen.
  const takesFocus = bar.current?.contains(document.activeElement) ?? false;

  return (
    <header className="sign-in" ref={bar}>
      <h1>
        <img src={logo} alt="" width="28" height="28" />
        UserProfile
      </h1>
      <Panel session={session} takesFocus={takesFocus} />
      <p id={MESSAGE_ID} className="message" role="status" data-tone={session.message?.tone}>
        {session.message?.text}
      </p>
    </header>
  );
}

function Panel({ session, takesFocus }: { session: Session; takesFocus: boolean }) {
  switch (session.phase) {
    case 'restoring':
      return <p className="who">Signing in again…</p>;
    case 'signed-out':
      return <PasswordForm wrongField={session.message?.field ?? null} takesFocus={takesFocus} />;
    case 'challenged':
      return <CodeForm wrong={session.message?.field === 'verifyCode'} takesFocus={takesFocus} />;
    case 'signed-in':
      return <SignedIn person={session.person} takesFocus={takesFocus} />;
  }
}
