// What the user can see of their account and not change here.

import { useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Badge, Section } from '../../ui/Page';
import type { Me } from './documents';

export function Facts({ me }: { me: Me }) {
  const { profile: words } = useWords();
  const format = useFormat();
  const tags = Object.entries(me.tags);
  return (
    <Section title={words.facts} lead={words.factsLead}>
      <dl className="facts">
        <dt>{words.userId}</dt>
        <dd>{me.userId}</dd>
        <dt>{words.domain}</dt>
        <dd>{me.domain.name}</dd>
        <dt>{words.role}</dt>
        <dd>{words.roles[me.roleType]}</dd>
        <dt>{words.signIn}</dt>
        <dd>{words.authTypes[me.authType]}</dd>
        <dt>{words.memberSince}</dt>
        <dd>{format.date(me.createdAt)}</dd>
        {tags.length > 0 && (
          <>
            <dt>{words.tags}</dt>
            <dd>
              <ul className="tags">
                {tags.map(([key, value]) => (
                  <li key={key}>
                    <Badge>{`${key}: ${textOf(value)}`}</Badge>
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </Section>
  );
}

/** The value of a tag may be any JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
