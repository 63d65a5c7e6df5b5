import { useWords } from '../../i18n';
import { Badge } from '../../ui/Page';
import { Card } from './Card';
import type { Me } from './documents';

export function ProfileCard({ me }: { me: Me }) {
  const { overview: words } = useWords();
  return (
    <Card title={words.profile} page="profile" link={words.toProfile}>
      <dl className="facts">
        <dt>{words.name}</dt>
        <dd>{me.name ?? <Badge tone="warning">{words.missing}</Badge>}</dd>
        <dt>{words.email}</dt>
        <dd>
          {me.email ? (
            <>
              {me.email} <Badge tone={me.emailVerified ? 'good' : 'warning'}>{me.emailVerified ? words.verified : words.notVerified}</Badge>
            </>
          ) : (
            <Badge tone="warning">{words.missing}</Badge>
          )}
        </dd>
        {me.pendingEmail && (
          <>
            <dt>{words.pendingEmail}</dt>
            <dd>
              {me.pendingEmail} <Badge tone="warning">{words.notVerified}</Badge>
            </dd>
          </>
        )}
      </dl>
      <p className="card-note">{isComplete(me) ? words.complete : words.incomplete}</p>
    </Card>
  );
}

function isComplete({ name, emailVerified, pendingEmail }: Me): boolean {
  return Boolean(name) && emailVerified && !pendingEmail;
}
