import { fill, useWords } from '../../i18n';
import { useFormat } from '../../i18n/format';
import { Button } from '../../ui/Button';
import { Badge, Row } from '../../ui/Page';
import type { Session } from './documents';

interface SessionRowProps {
  session: Session;
  onSignOut: () => void;
}

export function SessionRow({ session, onSignOut }: SessionRowProps) {
  const { sessions, signOut } = useWords();
  const format = useFormat();
  const device = session.device ?? sessions.unknownDevice;
  const address = session.clientAddress;
  const times = [
    fill(sessions.lastUsed, { ago: format.ago(session.lastUsedAt) }),
    fill(sessions.signedIn, { time: format.dateTime(session.createdAt) }),
  ];
  return (
    <Row
      title={device}
      badge={session.isCurrent && <Badge tone="good">{sessions.thisDevice}</Badge>}
      detail={[address, ...times].join(' · ')}
      action={
        !session.isCurrent && (
          <Button aria-label={fill(sessions.signOutOf, { device, address })} onClick={onSignOut}>
            {signOut}
          </Button>
        )
      }
    />
  );
}
