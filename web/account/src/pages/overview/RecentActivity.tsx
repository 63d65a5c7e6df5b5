import { Link } from 'wouter';
import { pathOf } from '../../app/paths';
import type { SecurityEventType } from '../../gql/graphql';
import { useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Badge, Row, Rows, Section } from '../../ui/Page';
import { Empty } from '../../ui/states';
import { needsAttention } from '../activity/attention';
import type { Me } from './documents';

type Event = Me['securityEvents']['nodes'][number];

/** The newest security events. */
export function RecentActivity({ events }: { events: readonly Event[] }) {
  const { overview: words } = useWords();
  return (
    <Section title={words.recent} action={<Link href={pathOf('activity')}>{words.toActivity}</Link>}>
      {events.length === 0 && <Empty>{words.noActivity}</Empty>}
      <Rows>
        {events.map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
      </Rows>
    </Section>
  );
}

function EventRow({ event }: { event: Event }) {
  const { activity } = useWords();
  const format = useFormat();
  // The server may have types that this console does not know.
  const sentences: Partial<Record<SecurityEventType, string>> = activity.types;
  return (
    <Row
      title={sentences[event.type] ?? activity.unknownType}
      badge={needsAttention(event.type) && <Badge tone="warning">{activity.needsAttention}</Badge>}
      detail={[format.ago(event.createdAt), ...(event.device ? [event.device] : [])].join(' · ')}
    />
  );
}
