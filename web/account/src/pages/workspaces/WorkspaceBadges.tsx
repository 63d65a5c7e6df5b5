import { useWords } from '../../i18n';
import { Badge } from '../../ui/Page';

interface WorkspaceBadgesProps {
  isDormant: boolean;
  isManaged: boolean;
}

export function WorkspaceBadges({ isDormant, isManaged }: WorkspaceBadgesProps) {
  const { workspaces } = useWords();
  return (
    <>
      {isDormant && <Badge tone="warning">{workspaces.dormant}</Badge>} {isManaged && <Badge>{workspaces.managed}</Badge>}
    </>
  );
}
