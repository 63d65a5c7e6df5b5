// A form that a script submits, one submission at a time. It shows the server's errors at the fields that they name,
// and all other errors beside the button.

import { useMutation } from '@tanstack/react-query';
import { createContext, useLayoutEffect, useRef, type FormEvent, type ReactNode } from 'react';

/** The fields of every error of UserProfile's mutations. */
export interface UserError {
  message: string;
  /** The path of the invalid input, such as `options.email`. A field of that name shows the message. */
  field?: string | null;
}

interface FormProps {
  submit: string;
  /** Runs the operation, and returns its errors. */
  onSubmit: (values: FormData) => Promise<readonly UserError[]>;
  /** The message after success. The form then stays, to be filled in again. */
  done?: string;
  /** Whether another button is the primary one. */
  quiet?: boolean;
  /** Adds a second button with this action. */
  onCancel?: () => void;
  children?: ReactNode;
}

interface Problems {
  atFields: Readonly<Record<string, string>>;
  others: readonly string[];
}

const NONE: Problems = { atFields: {}, others: [] };

/** The errors of the enclosing form's fields, by field name. */
export const FieldProblems = createContext(NONE.atFields);

export function Form({ submit, onSubmit, done, quiet = false, onCancel, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  // Not `isPending` alone: it is still false when a second click follows immediately.
  const isSending = useRef(false);
  const { mutate, data, error, isPending, variables: sent } = useMutation({
    mutationFn: async (values: FormData) => sort(await onSubmit(values), values),
  });
  const { atFields, others } = data ?? NONE;
  const messages = error ? [error.message] : others;
  const isDone = data !== undefined && messages.length === 0 && Object.keys(atFields).length === 0;

  useLayoutEffect(() => {
    isSending.current = isPending;
  }, [isPending, data, error]);

  // Runs before the user sees the result and continues to type.
  useLayoutEffect(() => {
    const { current } = form;
    if (!current) return;
    if (!isDone) current.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    // Keep what the user typed in the meantime.
    else if (done && sent && isSame(new FormData(current), sent)) current.reset();
  }, [data, isDone, done, sent]);

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isSending.current) return;
    isSending.current = true;
    mutate(new FormData(event.currentTarget));
  }

  return (
    // The server validates the input; the browser's own validation would come first, with different messages.
    <form ref={form} onSubmit={send} noValidate>
      <FieldProblems value={atFields}>{children}</FieldProblems>
      <div className="row">
        {/* Not `disabled`, which would remove the focus of keyboard users. */}
        <button type="submit" className={quiet ? undefined : 'primary'} aria-disabled={isPending}>{submit}</button>
        {onCancel && <button type="button" onClick={onCancel}>Cancel</button>}
        <p role="status" className="good">{isDone && done}</p>
        <p role="alert" className="problem">{messages.join(' ')}</p>
      </div>
    </form>
  );
}

/** The text in the field of that name. */
export function text(values: FormData, name: string): string {
  return String(values.get(name) ?? '');
}

function isSame(one: FormData, other: FormData): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}

function sort(errors: readonly UserError[], values: FormData): Problems {
  const isAtField = ({ field }: UserError) => typeof field === 'string' && values.has(field);
  return {
    atFields: Object.fromEntries(errors.filter(isAtField).map(({ field, message }) => [field, message])),
    others: errors.filter((error) => !isAtField(error)).map(({ message }) => message),
  };
}
