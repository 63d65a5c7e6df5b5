// The actions that an operator requires before anything else.

import type { RequiredAction } from '../gql/graphql';

const WORDS: Record<RequiredAction, string> = {
  UPDATE_PASSWORD: 'choose a new password',
  ENFORCE_MFA: 'turn on two-step sign-in',
};

export function RequiredActions({ actions }: { actions: readonly RequiredAction[] }) {
  if (actions.length === 0) return null;
  const list = new Intl.ListFormat('en').format(actions.map((action) => WORDS[action]));
  return <p className="card warm" role="status">An administrator requires you to {list} before you continue.</p>;
}
