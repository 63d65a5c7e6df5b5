// A choice from a long list, which the user can search.

import { Combobox } from '@base-ui/react/combobox';
import { useMemo, useState } from 'react';
import { useWords } from '../i18n';
import { FieldNotes, useFieldIds } from './Field';

export interface Option {
  value: string;
  label: string;
}

interface ChoiceProps {
  name: string;
  label: string;
  options: readonly Option[];
  defaultValue?: string;
  /** The value, if the form keeps it; with `onValueChange`. */
  value?: string;
  onValueChange?: (value: string) => void;
  description?: string;
}

export function Choice({ name, label, options, defaultValue = '', value, onValueChange, description }: ChoiceProps) {
  const words = useWords();
  const ids = useFieldIds(name, description);
  const [own, setOwn] = useState(defaultValue);
  const current = value ?? own;
  const selected = useMemo(
    () => options.find(({ value }) => value === current) ?? { value: current, label: current },
    [options, current],
  );
  function select(option: Option | null) {
    if (!option) return;
    setOwn(option.value);
    onValueChange?.(option.value);
  }
  return (
    <div className="field">
      <label htmlFor={ids.input}>{label}</label>
      <input type="hidden" name={name} value={selected.value} />
      <Combobox.Root
        items={options}
        value={selected}
        onValueChange={select}
        isItemEqualToValue={isSame}
        autoHighlight
      >
        <div className="field-with-button">
          <Combobox.Input {...ids.props} autoComplete="off" spellCheck={false} />
          {/* For the mouse: the input itself opens the list for keyboards and screen readers. */}
          <Combobox.Trigger className="field-button" tabIndex={-1} aria-hidden="true">
            ▾
          </Combobox.Trigger>
        </div>
        <Combobox.Portal>
          <Combobox.Positioner className="positioner" sideOffset={4}>
            <Combobox.Popup className="popup">
              <Combobox.Empty className="popup-empty">{words.noResults}</Combobox.Empty>
              <Combobox.List className="popup-list">
                {(option: Option) => (
                  <Combobox.Item key={option.value} value={option} className="popup-item">
                    {option.label}
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
      <FieldNotes {...ids} description={description} />
    </div>
  );
}

/** The labels of an option may have changed with the language. */
function isSame(option: Option, other: Option): boolean {
  return option.value === other.value;
}
