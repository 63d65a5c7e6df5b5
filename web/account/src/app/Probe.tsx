// Nothing, until it is known whether the user is signed in; an error if that cannot be found out.

import { useEffect, useState } from 'react';
import { CombinedError } from 'urql';
import { probeAgain, probed } from '../api/probe';
import { Failure } from '../ui/states';

export function Probe() {
  const [error, setError] = useState<CombinedError | null>(null);
  const fail = (failure: unknown) => setError(new CombinedError({ networkError: failure instanceof Error ? failure : new Error() }));
  useEffect(() => {
    probed.catch(fail);
  }, []);

  function retry() {
    setError(null);
    probeAgain().catch(fail);
  }

  return (
    error && (
      <main className="gate">
        <Failure error={error} onRetry={retry} />
      </main>
    )
  );
}
