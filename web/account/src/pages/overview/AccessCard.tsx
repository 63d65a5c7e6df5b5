import { Link } from 'wouter';
import { pathOf } from '../../app/paths';
import { useWords } from '../../i18n';
import { Section } from '../../ui/Page';
import type { Me } from './documents';

/** How many workspaces and groups the user sees. */
export function AccessCard({ me }: { me: Me }) {
  const { overview: words, pages } = useWords();
  return (
    <Section title={words.access}>
      <ul className="counts">
        <Count page="workspaces" label={pages.workspaces} count={me.workspaces.totalCount} />
        <Count page="groups" label={pages.groups} count={me.workspaceGroups.totalCount} />
      </ul>
    </Section>
  );
}

function Count({ page, label, count }: { page: 'workspaces' | 'groups'; label: string; count: number }) {
  return (
    <li>
      <Link href={pathOf(page)} className="count">
        <span className="count-number">{count}</span> <span>{label}</span>
      </Link>
    </li>
  );
}
