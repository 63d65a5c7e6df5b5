// One input with its label, description, and error.

import { createContext, use, useId, useState, type ComponentProps, type ReactNode } from 'react';
import { useWords } from '../i18n';

/** The sentences of the errors of a form, by the names of its fields. */
export const FieldErrorsContext = createContext<Record<string, string>>({});

interface FieldProps extends Omit<ComponentProps<'input'>, 'name'> {
  name: string;
  label: string;
  description?: ReactNode;
}

export function Field({ name, label, description, className = '', ...input }: FieldProps) {
  const ids = useFieldIds(name, description);
  return (
    <div className={`field ${className}`}>
      <label htmlFor={ids.input}>{label}</label>
      <input {...input} {...ids.props} name={name} />
      <FieldNotes {...ids} description={description} />
    </div>
  );
}

/** A password, which can be shown. */
export function PasswordField({ name, label, description, ...input }: FieldProps) {
  const [isShown, setShown] = useState(false);
  const words = useWords();
  const ids = useFieldIds(name, description);
  return (
    <div className="field">
      <label htmlFor={ids.input}>{label}</label>
      <div className="field-with-button">
        <input {...input} {...ids.props} name={name} type={isShown ? 'text' : 'password'} />
        <button type="button" className="field-button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? words.hide : words.show}
        </button>
      </div>
      <FieldNotes {...ids} description={description} />
    </div>
  );
}

/** A verification code, a one-time password, or a recovery code. */
export function CodeField(props: Omit<FieldProps, 'name'> & { name?: string }) {
  return (
    <Field
      {...props}
      name={props.name ?? 'verifyCode'}
      className="field-code"
      autoComplete="one-time-code"
      inputMode="text"
      autoCapitalize="characters"
      spellCheck={false}
      required
    />
  );
}

/** The ids that connect an input with its label and notes, and the attributes of the input. */
export function useFieldIds(name: string, description: ReactNode) {
  const id = useId();
  const error = use(FieldErrorsContext)[name];
  const notes = [error && `${id}-error`, description && `${id}-description`].filter(Boolean).join(' ');
  return {
    input: `${id}-input`,
    id,
    error,
    props: {
      id: `${id}-input`,
      'aria-invalid': error ? (true as const) : undefined,
      'aria-describedby': notes || undefined,
    },
  };
}

interface FieldNotesProps {
  id: string;
  error?: string | undefined;
  description?: ReactNode;
}

export function FieldNotes({ id, error, description }: FieldNotesProps) {
  return (
    <>
      {description && (
        <p id={`${id}-description`} className="field-description">
          {description}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </>
  );
}
