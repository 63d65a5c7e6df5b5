// Tells password managers which user the password below belongs to. Hidden from users, who know it.

export function Username({ userId }: { userId: string }) {
  return <input className="unseen" autoComplete="username" value={userId} readOnly tabIndex={-1} aria-hidden="true" />;
}
