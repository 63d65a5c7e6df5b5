// The console: its providers, and what it shows in each state of the session.

import { CSPProvider } from '@base-ui/react/csp-provider';
import { lazy, Suspense } from 'react';
import { Provider } from 'urql';
import { Router } from 'wouter';
import { useSession } from '../api/useSession';
import { TextsProvider } from '../i18n';
import { signInClient } from '../sign-in/client';
import { SignedOut } from '../sign-in/SignedOut';
import { BASE } from './paths';
import { Probe } from './Probe';

// The sign-in needs little of the console, and must be quick.
const Console = lazy(() => import('./Console'));

export function App() {
  return (
    // The content security policy forbids style elements.
    <CSPProvider disableStyleElements>
      <TextsProvider>
        <Router base={BASE}>
          <Session />
        </Router>
      </TextsProvider>
    </CSPProvider>
  );
}

function Session() {
  switch (useSession()) {
    case 'unknown':
      return <Probe />;
    case 'signed-out':
      return (
        <Provider value={signInClient}>
          <SignedOut />
        </Provider>
      );
    case 'signed-in':
    case 'ended':
      return (
        <Suspense>
          <Console />
        </Suspense>
      );
  }
}
