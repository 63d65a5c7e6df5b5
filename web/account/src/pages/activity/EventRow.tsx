import type { ActivityListQuery, SecurityEventType } from '../../gql/graphql';
import { useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Badge, Row } from '../../ui/Page';
import { isAttempt, needsAttention } from './attention';

export type Event = NonNullable<ActivityListQuery['me']>['securityEvents']['nodes'][number];

export function EventRow({ event }: { event: Event }) {
  const { activity } = useWords();
  const format = useFormat();
  const sentences: Partial<Record<SecurityEventType, string>> = activity.types;
  const actor = event.actor === 'USER' && isAttempt(event.type) ? activity.somebody : activity.actors[event.actor];
  // An operator works on the server: without an address, and without a device.
  const client = event.clientAddress ? [event.device ?? activity.unknownDevice, event.clientAddress] : [];
  return (
    <Row
      title={sentences[event.type] ?? activity.unknownType}
      badge={needsAttention(event.type) && <Badge tone="warning">{activity.needsAttention}</Badge>}
      detail={[format.clock(event.createdAt), actor, ...client].join(' · ')}
    />
  );
}
