// Tells password managers whose password is typed below. People know, so it is not shown.

export function Username({ userId }: { userId: string }) {
  return <input className="unseen" autoComplete="username" value={userId} readOnly tabIndex={-1} aria-hidden="true" />;
}
