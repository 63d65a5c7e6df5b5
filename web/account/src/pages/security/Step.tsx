// One step of a flow inside a section.

import { createContext, use, useEffect, useId, useRef, type ReactNode } from 'react';

/** The heading of a step: below that of a section, unless the steps are all that the page has. */
export const StepHeadingContext = createContext<'h2' | 'h3'>('h3');

export function Step({ title, children }: { title: string; children: ReactNode }) {
  const Heading = use(StepHeadingContext);
  const id = useId();
  const step = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  // After the dialog that led here, if there was one, has returned the focus; unless an input of this step has it.
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (!step.current?.contains(document.activeElement)) heading.current?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, []);

  return (
    <div ref={step} className="step" role="group" aria-labelledby={id}>
      <Heading ref={heading} id={id} tabIndex={-1} className="step-title">
        {title}
      </Heading>
      {children}
    </div>
  );
}
