// What is on the page: a form to sign in, or one's account.

import { AccountPage } from './account/AccountPage';
import { SignIn } from './sign-in/SignIn';
import { useVisitor } from './visitor';

export function App() {
  const { data: visitor, error } = useVisitor();
  if (visitor?.user) return <AccountPage user={visitor.user} />;
  if (visitor) return <SignIn notice={visitor.notice} />;
  if (error) return <p className="card alone problem" role="alert">{error.message}</p>;
  return null;
}
