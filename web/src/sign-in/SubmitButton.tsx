// The button that sends a form of the sign-in box, and says so while it does.

interface SubmitButtonProps {
  label: string;
  busyLabel: string;
  busy: boolean;
}

export function SubmitButton({ label, busyLabel, busy }: SubmitButtonProps) {
  // Not `disabled`: that would throw away the focus of whoever pressed it by keyboard.
  return (
    <button type="submit" className="primary" aria-disabled={busy}>
      {busy ? busyLabel : label}
    </button>
  );
}
