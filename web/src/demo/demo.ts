// The users of a demo. Every other server has none.

import { useEffect, useState } from 'react';

export interface SampleUser {
  domainId: string;
  userId: string;
  about: string;
}

export interface Demo {
  /** The password of all sample users. */
  password: string;
  users: SampleUser[];
}

/** The address of a demo's mailbox, relative to the page of GraphiQL. */
export const MAILBOX = 'dev/mailbox';

/** The demo's data; null if the server is not a demo, or while that is unknown. */
export function useDemo(): Demo | null {
  const [demo, setDemo] = useState<Demo | null>(null);
  useEffect(() => {
    let isUnmounted = false;
    void fetchDemo().then((found) => {
      if (!isUnmounted) setDemo(found);
    });
    return () => {
      isUnmounted = true;
    };
  }, []);
  return demo;
}

async function fetchDemo(): Promise<Demo | null> {
  try {
    const response = await fetch('plain/pages.json');
    return ((await response.json()) as { demo: Demo | null }).demo;
  } catch {
    return null;
  }
}
