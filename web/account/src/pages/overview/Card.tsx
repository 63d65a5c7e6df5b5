// A card of the overview: a few facts, and the page on which to change them.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { pathOf, type PageName } from '../../app/paths';
import { Section } from '../../ui/Page';

interface CardProps {
  title: string;
  page: PageName;
  /** Where the link leads, in words. */
  link: string;
  children: ReactNode;
}

export function Card({ title, page, link, children }: CardProps) {
  return (
    <Section title={title}>
      <div className="card-content">{children}</div>
      <p>
        <Link href={pathOf(page)}>{link}</Link>
      </p>
    </Section>
  );
}
