// Tells password managers which user the password below belongs to. Hidden, because users know.

export function Username({ userId }: { userId: string }) {
  return <input className="unseen" autoComplete="username" value={userId} readOnly tabIndex={-1} aria-hidden="true" />;
}
