import type { ComponentProps } from 'react';

interface ButtonProps extends ComponentProps<'button'> {
  /** `primary` for the one main action of a form; `danger` for what cannot be undone. */
  variant?: 'primary' | 'plain' | 'danger' | 'link';
  /** The action is running: the button keeps its place and its focus, and does nothing. */
  isBusy?: boolean;
}

export function Button({ variant = 'plain', isBusy = false, type = 'button', onClick, className = '', ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${variant} ${className}`}
      // Not `disabled`: that would remove the focus of keyboard users.
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
