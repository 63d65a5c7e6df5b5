// The authenticated user's name, and the sign-out button.

import { mutate } from '../api/execute';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Form } from '../ui/Form';
import { leave } from '../visitor';

const HeaderUser = graphql(`
  fragment Header on User {
    name
    userId
    domain { name }
  }
`);

const SignOut = graphql(`
  mutation SignOut {
    signOut {
      ok
      errors { message field }
    }
  }
`);

export function Header({ user }: { user: FragmentType<typeof HeaderUser> }) {
  const { name, userId, domain } = getFragmentData(HeaderUser, user);

  async function signOut() {
    const { ok } = await mutate(SignOut);
    // It is refused only if the session has already ended.
    await leave(ok ? 'You are signed out.' : 'Your session had already ended.');
    return [];
  }

  return (
    <header className="row">
      <img src="/favicon.svg" alt="" width="40" height="40" />
      <div>
        <h1>{name ?? userId}</h1>
        <p className="hint">{name ? `${userId} · ${domain.name}` : domain.name}</p>
      </div>
      <Form submit="Sign out" quiet onSubmit={signOut} />
    </header>
  );
}
