// The sentence for an error code, in the user's language.

import { useCallback } from 'react';
import type { Problem } from '../api/actions';
import { fill, useWords } from '../i18n';
import { useFormat } from '../i18n/format';

export function useExplain(): (problem: Problem) => string {
  const { errors } = useWords();
  const format = useFormat();
  return useCallback(
    (problem) => {
      const wait = problem.retryAfter ? format.seconds(problem.retryAfter) : '';
      if (problem.code === 'TOO_MANY_TRIES' && wait) return fill(errors.TOO_MANY_TRIES_WAIT, { wait });
      const sentence = (errors as Record<string, string>)[problem.code] ?? errors.FAILED;
      return fill(sentence, { wait, left: problem.attemptsLeft ?? '' });
    },
    [errors, format],
  );
}
