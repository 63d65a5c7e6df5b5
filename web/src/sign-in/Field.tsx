// One labelled input of the sign-in box.

import { useId, type ComponentProps } from 'react';

/** The element that says what is wrong with an input. */
export const MESSAGE_ID = 'sign-in-message';

interface FieldProps extends ComponentProps<'input'> {
  label: string;
  /** Whether the server found fault with it. */
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
