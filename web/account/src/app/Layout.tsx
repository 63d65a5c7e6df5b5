// The frame of every page: navigation, the user, and the state of the connection.

import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { ActionFailed, useAction } from '../api/actions';
import { signedOut } from '../api/session';
import { graphql } from '../gql';
import { useWords } from '../i18n';
import { Button } from '../ui/Button';
import { useToast } from '../ui/toasts';
import { PAGES, pathOf } from './paths';

const SignOutMutation = graphql(`
  mutation SignOut {
    signOut {
      ok
      errors { message code }
    }
  }
`);

interface LayoutProps {
  name: string;
  domain: string;
  children: ReactNode;
}

export function Layout({ name, domain, children }: LayoutProps) {
  const words = useWords();
  const [path] = useLocation();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);

  // As after loading a page: screen readers begin at its start.
  useEffect(() => {
    setMenuOpen(false);
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus();
  }, [path]);

  return (
    <div className="layout">
      <a className="skip-link" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {words.skipToContent}
      </a>
      <header className="top-bar">
        <Link href="/" className="brand">
          <Logo />
          <span>{words.product}</span>
        </Link>
        <Button className="menu-button" aria-expanded={isMenuOpen} aria-controls="navigation" onClick={() => setMenuOpen(!isMenuOpen)}>
          {words.menu}
        </Button>
      </header>
      <div className="sidebar" id="navigation" data-open={isMenuOpen || undefined}>
        <nav aria-label={words.account}>
          <ul>
            {PAGES.map((page) => (
              <li key={page}>
                <Link href={pathOf(page)} aria-current={path === pathOf(page) ? 'page' : undefined}>
                  {words.pages[page]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <aside className="user" aria-label={words.signedInUser}>
          <p className="user-name">{name}</p>
          <p className="user-domain">{domain}</p>
          <SignOutButton />
        </aside>
      </div>
      <main id="main" ref={main} tabIndex={-1}>
        <Offline />
        {children}
      </main>
    </div>
  );
}

function SignOutButton() {
  const words = useWords();
  const act = useAction();
  const toast = useToast();
  const [isBusy, setBusy] = useState(false);
  async function signOut() {
    setBusy(true);
    try {
      // Errors of the payload say that the session has already ended.
      await act(SignOutMutation, {});
      signedOut();
    } catch (failure) {
      if (!(failure instanceof ActionFailed)) throw failure;
      // The cookies are still there.
      toast(words.stillSignedIn);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Button isBusy={isBusy} onClick={() => void signOut()}>
      {words.signOut}
    </Button>
  );
}

function Offline() {
  const words = useWords();
  const isOnline = useSyncExternalStore(subscribeToConnection, () => navigator.onLine);
  return <div role="status">{!isOnline && <p className="notice notice-warning">{words.offline}</p>}</div>;
}

function subscribeToConnection(listener: () => void) {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect className="logo-ground" width="32" height="32" rx="8" />
      <circle cx="16" cy="12" r="5" fill="#fff" />
      <path d="M6.5 26a9.5 8 0 0 1 19 0z" fill="#fff" />
    </svg>
  );
}
