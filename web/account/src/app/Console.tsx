// The console of a signed-in user.

import { lazy, Suspense, useEffect, useState } from 'react';
import { Provider, useQuery } from 'urql';
import { Redirect, Route, Switch } from 'wouter';
import { isUnauthenticated } from '../api/actions';
import { createClient } from '../api/client';
import { onChangeElsewhere, sessionFound, userShown } from '../api/session';
import { useSession } from '../api/useSession';
import { useTexts } from '../i18n';
import { SessionDialogs } from '../sign-in/SessionDialogs';
import { RequiredActions } from '../sign-in/RequiredActions';
import { Failure, Loading } from '../ui/states';
import { Toasts } from '../ui/toasts';
import { Layout } from './Layout';
import { MeQuery } from './me';
import { NotFound } from './NotFound';

const Overview = lazy(() => import('../pages/Overview'));
const Profile = lazy(() => import('../pages/Profile'));
const Security = lazy(() => import('../pages/security/Security'));
const Sessions = lazy(() => import('../pages/Sessions'));
const Activity = lazy(() => import('../pages/Activity'));
const Workspaces = lazy(() => import('../pages/Workspaces'));
const Groups = lazy(() => import('../pages/Groups'));
const Data = lazy(() => import('../pages/Data'));

export default function Console() {
  const [client] = useState(createClient);
  return (
    <Provider value={client}>
      <Toasts>
        <Pages />
      </Toasts>
    </Provider>
  );
}

function Pages() {
  const session = useSession();
  const { showFor } = useTexts();
  const [{ data, error }, readAgain] = useQuery({ query: MeQuery });
  // When the session ends, the page stays as it was, with what the user typed.
  const [last, setLast] = useState(data?.me);
  const me = data?.me ?? last;

  useEffect(() => {
    if (!data?.me) return;
    setLast(data.me);
    sessionFound();
    showFor(data.me);
  }, [data?.me, showFor]);
  // After a new sign-in, the other tabs learn whose it is.
  useEffect(() => {
    if (session !== 'signed-in') return;
    if (data?.me) userShown(data.me.id);
    else if (last) readAgain({ requestPolicy: 'network-only' });
  }, [data?.me?.id, session]);
  useEffect(() => onChangeElsewhere(() => readAgain({ requestPolicy: 'network-only' })), [readAgain]);

  if (error && !me) {
    // The transport has noticed it, too: the sign-in follows.
    if (isUnauthenticated(error)) return <Loading />;
    return <Failure error={error} onRetry={() => readAgain({ requestPolicy: 'network-only' })} />;
  }
  if (!me) return <Loading />;
  return (
    <SessionDialogs userId={me.userId} domainId={me.domain.id} isEnded={session === 'ended'}>
      <Layout name={me.name ?? me.userId} domain={me.domain.name}>
        {me.requiredActions.length > 0 ? (
          <RequiredActions actions={me.requiredActions} onDone={() => readAgain({ requestPolicy: 'network-only' })} />
        ) : (
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/" component={Overview} />
              <Route path="/profile" component={Profile} />
              <Route path="/security" component={Security} />
              <Route path="/sessions" component={Sessions} />
              <Route path="/activity" component={Activity} />
              <Route path="/workspaces" component={Workspaces} />
              <Route path="/groups" component={Groups} />
              <Route path="/data" component={Data} />
              <Route path="/forgot-password">
                <Redirect to="/" replace />
              </Route>
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        )}
      </Layout>
    </SessionDialogs>
  );
}
