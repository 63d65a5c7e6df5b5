// One labelled input of the sign-in box.

import { useId, type ComponentProps } from 'react';

/** The element that shows the error of an input. */
export const MESSAGE_ID = 'sign-in-message';

interface FieldProps extends ComponentProps<'input'> {
  label: string;
  /** Whether the server returned an error for it. */
  wrong: boolean;
}

export function Field({ label, wrong, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        aria-invalid={wrong}
        aria-describedby={wrong ? MESSAGE_ID : undefined}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        {...input}
      />
    </div>
  );
}
