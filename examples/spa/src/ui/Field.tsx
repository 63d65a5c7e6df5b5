// A labelled input. Screen readers read its hint and its error from the server with it.

import { use, useId, type ComponentProps } from 'react';
import { FieldProblems } from './Form';

interface FieldProps extends ComponentProps<'input'> {
  /** The path that an error's `field` has, such as `options.email`. */
  name: string;
  label: string;
  hint?: string;
  /** The suggestions while typing. */
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
