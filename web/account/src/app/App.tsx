// The console: its providers, and what it shows in each state of the session.

import { CSPProvider } from '@base-ui/react/csp-provider';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { Provider } from 'urql';
import { Router } from 'wouter';
import { createClient } from '../api/client';
import { useSession } from '../api/useSession';
import { TextsProvider } from '../i18n';
import { SignedOut } from '../sign-in/SignedOut';
import { Toasts } from '../ui/toasts';
import { BASE } from './paths';
import { Probe } from './Probe';

// The sign-in needs little of the console, and must be quick.
const Console = lazy(() => import('./Console'));

export function App() {
  return (
    // The content security policy forbids style elements.
    <CSPProvider disableStyleElements>
      <TextsProvider>
        <Toasts>
          <Router base={BASE}>
            <Session />
          </Router>
        </Toasts>
      </TextsProvider>
    </CSPProvider>
  );
}

function Session() {
  const session = useSession();
  const isSignedOut = session === 'signed-out';
  return (
    // The next user must not see what the cache has of this one.
    <ClientProvider key={String(isSignedOut)}>
      {session === 'unknown' && <Probe />}
      {isSignedOut && <SignedOut />}
      {(session === 'signed-in' || session === 'ended') && (
        <Suspense>
          <Console />
        </Suspense>
      )}
    </ClientProvider>
  );
}

function ClientProvider({ children }: { children: ReactNode }) {
  const [client] = useState(createClient);
  return <Provider value={client}>{children}</Provider>;
}
