// What the user must do before they can use anything else, one action after the other.

import { lazy, Suspense } from 'react';
import type { RequiredAction } from '../gql/graphql';
import { useWords } from '../i18n';
import { Page } from '../ui/Page';
import { Loading } from '../ui/states';
import { RequiredPassword } from './RequiredPassword';

const EnableMfa = lazy(() => import('../pages/security/EnableMfa'));

interface RequiredActionsProps {
  actions: readonly RequiredAction[];
  onDone: () => void;
}

export function RequiredActions({ actions, onDone }: RequiredActionsProps) {
  const { signIn } = useWords();
  if (actions.includes('UPDATE_PASSWORD')) return <RequiredPassword onDone={onDone} />;
  return (
    <Page title={signIn.requiredMfa.title} lead={signIn.requiredMfa.lead}>
      <div className="section">
        <Suspense fallback={<Loading />}>
          <EnableMfa onDone={onDone} />
        </Suspense>
      </div>
    </Page>
  );
}
