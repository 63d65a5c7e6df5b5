// A question to the user that several callers may ask at the same time: it is shown once, and all get the same answer.

import { useCallback, useEffect, useRef, useState } from 'react';

interface Asked {
  answer: Promise<boolean>;
  resolve: (answer: boolean) => void;
}

export function useQuestion() {
  const asked = useRef<Asked | null>(null);
  const [isOpen, setOpen] = useState(false);

  const ask = useCallback((): Promise<boolean> => {
    asked.current ??= begin();
    setOpen(true);
    return asked.current.answer;
  }, []);

  const answer = useCallback((given: boolean): void => {
    asked.current?.resolve(given);
    asked.current = null;
    setOpen(false);
  }, []);

  // Nobody can answer any more.
  useEffect(() => () => answer(false), [answer]);

  return { isOpen, ask, answer };
}

function begin(): Asked {
  let resolve: (answer: boolean) => void = () => undefined;
  const answer = new Promise<boolean>((settle) => (resolve = settle));
  return { answer, resolve };
}
