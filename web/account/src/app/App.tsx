// The console: its providers, and what it shows in each state of the session.

import { CSPProvider } from '@base-ui/react/csp-provider';
import { useState } from 'react';
import { Provider } from 'urql';
import { Router } from 'wouter';
import { createClient } from '../api/client';
import { useSession } from '../api/session';
import { TextsProvider } from '../i18n';
import { SignedOut } from '../sign-in/SignedOut';
import { Toasts } from '../ui/toasts';
import { Console } from './Console';
import { BASE } from './paths';

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
  // Whoever signs in next must not see what the cache has of this user.
  return <ClientProvider key={String(isSignedOut)}>{isSignedOut ? <SignedOut /> : <Console />}</ClientProvider>;
}

function ClientProvider({ children }: { children: React.ReactNode }) {
  const [client] = useState(createClient);
  return <Provider value={client}>{children}</Provider>;
}
