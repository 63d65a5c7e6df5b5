// A page of the console: its title, and its sections.

import { useEffect, useId, type ReactNode } from 'react';
import { useWords } from '../i18n';

interface PageProps {
  /** The title of the document, and the heading unless another one is given. */
  title: string;
  heading?: string;
  lead?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading = title, lead, children }: PageProps) {
  const { product } = useWords();
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <div className="page">
      <header className="page-header">
        <h1>{heading}</h1>
        {lead && <p className="lead">{lead}</p>}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  /** What it is about, or its state. */
  lead?: ReactNode;
  /** A button beside the title. */
  action?: ReactNode;
  children?: ReactNode;
}

export function Section({ title, lead, action, children }: SectionProps) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-header">
        <div>
          <h2 id={id}>{title}</h2>
          {lead && <p className="section-lead">{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

/** The rows of a list in a section. */
export function Rows({ children }: { children: ReactNode }) {
  return <ul className="rows">{children}</ul>;
}

interface RowProps {
  title: ReactNode;
  /** A badge or other state beside the title. */
  badge?: ReactNode;
  detail?: ReactNode;
  action?: ReactNode;
}

export function Row({ title, badge, detail, action }: RowProps) {
  return (
    <li className="row">
      <div className="row-text">
        <p className="row-title">
          {title} {badge}
        </p>
        {detail && <p className="row-detail">{detail}</p>}
      </div>
      {action && <div className="row-action">{action}</div>}
    </li>
  );
}

export function Badge({ children, tone = 'neutral' }: { children: ReactNode; tone?: 'neutral' | 'good' | 'warning' }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}
