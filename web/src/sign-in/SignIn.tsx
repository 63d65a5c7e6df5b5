// The bar above GraphiQL: the authenticated user or the sign-in form, and its message. In a demo, it offers the sample
// users, and links to the mailbox at every step.

import { useRef } from 'react';
import logo from '../assets/favicon.svg';
import { MAILBOX, useDemo, type Demo } from '../demo/demo';
import { useSession, type Session } from '../session/store';
import { CodeForm } from './CodeForm';
import { MESSAGE_ID } from './Field';
import { PasswordForm } from './PasswordForm';
import { SignedIn } from './SignedIn';
import './sign-in.css';

export function SignIn() {
  const session = useSession();
  const demo = useDemo();
  const bar = useRef<HTMLElement>(null);
  // If the replaced form has the focus, its replacement gets it; otherwise the focus does not move.
  const takesFocus = bar.current?.contains(document.activeElement) ?? false;

  return (
    <header className="sign-in" ref={bar}>
      <h1>
        <img src={logo} alt="" width="28" height="28" />
        UserProfile
      </h1>
      {demo && (
        <a className="mailbox" href={MAILBOX} target="_blank">
          Mailbox
        </a>
      )}
      <Panel session={session} demo={demo} takesFocus={takesFocus} />
      <p id={MESSAGE_ID} className="message" role="status" data-tone={session.message?.tone}>
        {session.message?.text}
      </p>
    </header>
  );
}

interface PanelProps {
  session: Session;
  demo: Demo | null;
  takesFocus: boolean;
}

function Panel({ session, demo, takesFocus }: PanelProps) {
  switch (session.phase) {
    case 'restoring':
      return <p className="who">Signing in again…</p>;
    case 'signed-out':
      return <PasswordForm demo={demo} wrongField={session.message?.field ?? null} takesFocus={takesFocus} />;
    case 'challenged':
      return <CodeForm wrong={session.message?.field === 'verifyCode'} takesFocus={takesFocus} />;
    case 'signed-in':
      return <SignedIn person={session.person} takesFocus={takesFocus} />;
  }
}
