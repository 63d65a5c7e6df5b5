// One section of the account page, under a heading.

import { useEffect, useRef, type ReactNode } from 'react';

interface SectionProps {
  id: string;
  title: string;
  about: string;
  children: ReactNode;
}

export function Section({ id, title, about, children }: SectionProps) {
  const section = useRef<HTMLElement>(null);
  const heldFocus = useRef(false);

  // Replacing a form with the next removes the focus. This keeps keyboard users in the section.
  useEffect(() => {
    if (heldFocus.current && document.activeElement === document.body) section.current?.focus();
  });

  return (
    <section
      id={id}
      ref={section}
      tabIndex={-1}
      aria-labelledby={`${id}-title`}
      onFocus={() => (heldFocus.current = true)}
      onBlur={() => (heldFocus.current = false)}
    >
      <div>
        <h2 id={`${id}-title`}>{title}</h2>
        <p className="hint">{about}</p>
      </div>
      <div className="card">{children}</div>
    </section>
  );
}
