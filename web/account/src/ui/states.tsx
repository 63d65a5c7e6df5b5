// What a page shows while it has no data: because it loads, because that failed, or because there is none.

import { useEffect, type ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { isUnauthenticated, problemOf } from '../api/actions';
import { useSession } from '../api/useSession';
import { useWords } from '../i18n';
import { Button } from './Button';
import { useExplain } from './explain';

export function Loading() {
  const { loading } = useWords();
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{loading}</span>
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}

export function Failure({ error, onRetry }: { error: CombinedError; onRetry: () => void }) {
  const words = useWords();
  const explain = useExplain();
  const session = useSession();
  // The user has signed in again since.
  useEffect(() => {
    if (session === 'signed-in' && isUnauthenticated(error)) onRetry();
  }, [session, error]);
  return (
    <div className="notice notice-error" role="alert">
      <p className="notice-title">{words.failed}</p>
      <p>{explain(problemOf(error))}</p>
      <Button onClick={onRetry}>{words.retry}</Button>
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
