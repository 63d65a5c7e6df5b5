// A form that shows the errors of its action at the fields that they concern, or below them.

import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { ActionFailed, type Problem } from '../api/actions';
import { useWords } from '../i18n';
import { Button } from './Button';
import { useExplain } from './explain';
import { FieldErrorsContext } from './Field';

interface FormProps {
  /** The label of the button. */
  submit: string;
  children?: ReactNode;
  /** Performs the action, and returns its errors: none if it succeeded. */
  onSubmit: (values: FormData) => Promise<readonly Problem[]>;
  onCancel?: (() => void) | undefined;
  variant?: 'primary' | 'danger';
}

export function Form({ submit, children, onSubmit, onCancel, variant = 'primary' }: FormProps) {
  const words = useWords();
  const explain = useExplain();
  const form = useRef<HTMLFormElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [problems, setProblems] = useState<readonly Problem[]>([]);

  async function handle(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    // A form in a dialog is, for React, inside the form below it.
    event.stopPropagation();
    if (isBusy) return;
    setBusy(true);
    setProblems([]);
    try {
      setProblems(await onSubmit(new FormData(event.currentTarget)));
    } catch (failure) {
      if (!(failure instanceof ActionFailed)) throw failure;
      setProblems([failure.problem]);
    } finally {
      setBusy(false);
    }
  }

  // Once the errors are shown.
  useEffect(() => {
    if (problems.length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [problems]);

  const names = fieldNames(form.current);
  const atField = problems.filter(({ field }) => field && names.has(field));
  const general = problems.filter((problem) => !atField.includes(problem));
  return (
    <form ref={form} className="form" noValidate onSubmit={(event) => void handle(event)}>
      <FieldErrorsContext value={Object.fromEntries(atField.map((problem) => [problem.field ?? '', explain(problem)]))}>
        {children}
      </FieldErrorsContext>
      <div role="alert">
        {general.map((problem) => (
          <p key={problem.code} className="form-error">
            {explain(problem)}
          </p>
        ))}
      </div>
      <div className="buttons">
        <Button type="submit" variant={variant} isBusy={isBusy}>
          {submit}
        </Button>
        {onCancel && <Button onClick={onCancel}>{words.cancel}</Button>}
      </div>
    </form>
  );
}

/** The text of a field. */
export function text(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}

function fieldNames(form: HTMLFormElement | null): Set<string> {
  const inputs = [...(form?.elements ?? [])] as Partial<HTMLInputElement>[];
  return new Set(inputs.flatMap(({ name }) => (name ? [name] : [])));
}
