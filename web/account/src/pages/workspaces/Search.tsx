import { useEffect, useState } from 'react';
import { useWords } from '../../i18n';
import { Field } from '../../ui/Field';
import { ROLES } from './filter';

const PAUSE_MS = 250;

interface SearchProps {
  text: string;
  role: string;
  onText: (text: string) => void;
  onRole: (role: string) => void;
}

export function Search({ text, role, onText, onRole }: SearchProps) {
  const words = useWords();
  return (
    <form role="search" className="search" onSubmit={(event) => event.preventDefault()}>
      <SearchText text={text} onText={onText} />
      <div className="field">
        <label htmlFor="role">{words.workspaces.role}</label>
        <select id="role" value={role} onChange={(event) => onRole(event.target.value)}>
          <option value="">{words.workspaces.everyRole}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {words.workspaces.roles[role]}
            </option>
          ))}
        </select>
      </div>
    </form>
  );
}

/** Reports what the user typed once they pause. */
function SearchText({ text, onText }: Pick<SearchProps, 'text' | 'onText'>) {
  const { workspaces } = useWords();
  const [typed, setTyped] = useState(text);
  // The address changed in another way.
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed.trim() === text) return;
    const timer = setTimeout(() => onText(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, text, onText]);
  return (
    <Field
      name="q"
      type="search"
      label={workspaces.name}
      autoComplete="off"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
