// What the list is filtered by. It is kept in the address, so that a reload and a shared link show the same list.

import { useCallback } from 'react';
import { useSearchParams } from 'wouter';
import type { RoleType, WorkspaceFilter } from '../../gql/graphql';

export const ROLES = ['WORKSPACE_OWNER', 'WORKSPACE_MEMBER'] as const satisfies readonly RoleType[];

export function useFilter() {
  const [params, setParams] = useSearchParams();
  const text = params.get('q') ?? '';
  const role = ROLES.find((role) => role === params.get('role')) ?? '';
  const set = useCallback(
    (name: 'q' | 'role', value: string) => {
      setParams(
        (now) => {
          const next = new URLSearchParams(now);
          if (value) next.set(name, value);
          else next.delete(name);
          return next;
        },
        // The way back leads to the page before, not through every letter.
        { replace: true },
      );
    },
    [setParams],
  );
  const clear = useCallback(() => setParams(new URLSearchParams(), { replace: true }), [setParams]);
  const filter: WorkspaceFilter = { nameContains: text || null, roleType: role || null };
  return { text, role, filter, set, clear };
}
