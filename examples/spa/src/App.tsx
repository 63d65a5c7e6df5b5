// The content of the page: the sign-in form, or the user's account.

import { AccountPage } from './account/AccountPage';
import { SignIn } from './sign-in/SignIn';
import { useVisitor } from './visitor';

export function App() {
  const { data: visitor, error, refetch } = useVisitor();
  if (visitor?.user) return <AccountPage user={visitor.user} />;
  if (visitor) return <SignIn notice={visitor.notice} />;
  if (error) return <Failed reason={error.message} onTryAgain={() => void refetch()} />;
  return <p className="alone hint" role="status">Loading…</p>;
}

function Failed({ reason, onTryAgain }: { reason: string; onTryAgain: () => void }) {
  return (
    <main className="card alone">
      <p className="problem" role="alert">{reason}</p>
      {/* It disappears during a request, and gets the keyboard focus when it returns. */}
      <button type="button" className="primary" onClick={onTryAgain} autoFocus>Try again</button>
    </main>
  );
}
