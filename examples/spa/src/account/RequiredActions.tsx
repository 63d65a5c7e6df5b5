// The actions that an operator requires before anything else.

import type { RequiredAction } from '../gql/graphql';

const WORDS: Record<RequiredAction, string> = {
  UPDATE_PASSWORD: 'choose a new password',
  ENFORCE_MFA: 'switch on a second factor',
};

export function RequiredActions({ actions }: { actions: readonly RequiredAction[] }) {
  if (actions.length === 0) return null;
  const list = new Intl.ListFormat('en').format(actions.map((action) => WORDS[action]));
  return <p className="card warm" role="status">An administrator asks you to {list} before you go on.</p>;
}
