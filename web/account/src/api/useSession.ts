import { useSyncExternalStore } from 'react';
import { currentSession, onSession, type SessionState } from './session';

export function useSession(): SessionState {
  return useSyncExternalStore(onSession, currentSession);
}
