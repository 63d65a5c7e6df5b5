// The submit button of a form in the sign-in box; it shows when a request is running.

interface SubmitButtonProps {
  label: string;
  busyLabel: string;
  busy: boolean;
}

export function SubmitButton({ label, busyLabel, busy }: SubmitButtonProps) {
  // Not `disabled`: that would remove the focus of keyboard users.
  return (
    <button type="submit" className="primary" aria-disabled={busy}>
      {busy ? busyLabel : label}
    </button>
  );
}
