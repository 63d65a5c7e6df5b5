import { fill, useWords } from '../../i18n';
import { Row } from '../../ui/Page';
import type { Workspace } from './documents';
import { WorkspaceBadges } from './WorkspaceBadges';

export function WorkspaceRow({ workspace }: { workspace: Workspace }) {
  const { workspaces } = useWords();
  const { name, roleType, workspaceGroup } = workspace;
  // An admin also sees workspaces in which they have no role.
  const role = roleType && workspaces.roles[roleType];
  const group = workspaceGroup && fill(workspaces.inGroup, { name: workspaceGroup.name });
  return <Row title={name} badge={<WorkspaceBadges {...workspace} />} detail={[role, group].filter(Boolean).join(' · ')} />;
}
