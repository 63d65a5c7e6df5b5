// A labelled input. Its hint, and what the server found wrong with it, are read out with it.

import { use, useId, type ComponentProps } from 'react';
import { FieldProblems } from './Form';

interface FieldProps extends ComponentProps<'input'> {
  /** Of the form that an error's `field` has, such as `options.email`. */
  name: string;
  label: string;
  hint?: string;
  /** What is offered while one types. */
  suggestions?: readonly string[];
}

export function Field({ name, label, hint, suggestions, ...input }: FieldProps) {
  const id = useId();
  const problem = use(FieldProblems)[name];
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        list={suggestions && `${id}-suggestions`}
        aria-invalid={problem !== undefined}
        aria-describedby={described || undefined}
        {...input}
      />
      {hint && <p id={`${id}-hint`} className="hint">{hint}</p>}
      {problem && <p id={`${id}-problem`} className="problem">{problem}</p>}
      {suggestions && (
        <datalist id={`${id}-suggestions`}>
          {suggestions.map((value) => <option key={value} value={value} />)}
        </datalist>
      )}
    </div>
  );
}
