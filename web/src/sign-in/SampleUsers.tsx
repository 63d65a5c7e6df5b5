// Fills in the form for a sample user of a demo.

import { useId, type ChangeEvent } from 'react';
import type { Demo } from '../demo/demo';

/** Must be inside the form, whose inputs `domainId`, `userId`, and `password` it fills in. */
export function SampleUsers({ demo }: { demo: Demo }) {
  const id = useId();

  function fillIn({ currentTarget: { form, value } }: ChangeEvent<HTMLSelectElement>) {
    const user = demo.users[Number(value)];
    if (!form || !user) return;
    write(form, 'domainId', user.domainId);
    write(form, 'userId', user.userId);
    write(form, 'password', demo.password);
  }

  return (
    <div className="field">
      <label htmlFor={id}>Sample user</label>
      <select id={id} defaultValue="" onChange={fillIn}>
        <option value="" disabled>
          Choose one…
        </option>
        {demo.users.map(({ userId, about }, index) => (
          <option key={index} value={index}>
            {userId} {about}
          </option>
        ))}
      </select>
    </div>
  );
}

function write(form: HTMLFormElement, name: string, value: string) {
  const input = form.elements.namedItem(name);
  if (input instanceof HTMLInputElement) input.value = value;
}
