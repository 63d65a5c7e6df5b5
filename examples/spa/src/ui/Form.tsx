// A form that is sent by script, once at a time. It puts what the server found wrong at the fields, by their names, and
// everything else beside the button.

import { useMutation } from '@tanstack/react-query';
import { createContext, useLayoutEffect, useRef, type FormEvent, type ReactNode } from 'react';

/** What every error of UserProfile's mutations has. */
export interface UserError {
  message: string;
  /** The path of the input that was wrong, such as `options.email`. A field of that name shows the message. */
  field?: string | null;
}

interface FormProps {
  submit: string;
  /** Does it, and gives what was wrong. */
  onSubmit: (values: FormData) => Promise<readonly UserError[]>;
  /** What is said when nothing was. The form then stays, to be filled in anew. */
  done?: string;
  /** Whether there is something more likely to be pressed. */
  quiet?: boolean;
  /** Puts a button beside it that does this instead. */
  onCancel?: () => void;
  children?: ReactNode;
}

interface Problems {
  atFields: Readonly<Record<string, string>>;
  others: readonly string[];
}

const NONE: Problems = { atFields: {}, others: [] };

/** What is wrong with the fields of the form around, by their names. */
export const FieldProblems = createContext(NONE.atFields);

export function Form({ submit, onSubmit, done, quiet = false, onCancel, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  // Not `isPending` alone: of two presses in a row, the second comes before that is known here.
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

  // Before anybody sees that it is done, or what was wrong, and types on.
  useLayoutEffect(() => {
    const { current } = form;
    if (!current) return;
    if (!isDone) current.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    // What was typed meanwhile stays.
    else if (done && sent && isSame(new FormData(current), sent)) current.reset();
  }, [data, isDone, done, sent]);

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isSending.current) return;
    isSending.current = true;
    mutate(new FormData(event.currentTarget));
  }

  return (
    // The rules for what may be typed are the server's; the browser's own would only be told first, and in other words.
    <form ref={form} onSubmit={send} noValidate>
      <FieldProblems value={atFields}>{children}</FieldProblems>
      <div className="row">
        {/* Not `disabled`, which would take the focus away from whoever pressed it by keyboard. */}
        <button type="submit" className={quiet ? undefined : 'primary'} aria-disabled={isPending}>{submit}</button>
        {onCancel && <button type="button" onClick={onCancel}>Cancel</button>}
        <p role="status" className="good">{isDone && done}</p>
        <p role="alert" className="problem">{messages.join(' ')}</p>
      </div>
    </form>
  );
}

/** The text typed into the field of that name. */
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
