import { useList } from '../../api/pages';
import { useWords } from '../../i18n';
import { Row, Rows } from '../../ui/Page';
import { ShowMore } from '../../ui/ShowMore';
import { Empty, Failure, Loading } from '../../ui/states';
import { WorkspaceBadges } from '../workspaces/WorkspaceBadges';
import { GroupWorkspacesDocument } from './documents';

const PAGE_LENGTH = 20;

export function GroupWorkspaces({ id }: { id: string }) {
  const { groups, workspaces } = useWords();
  const { list, error, isBusy, showMore, retry } = useList(
    GroupWorkspacesDocument,
    { id, first: PAGE_LENGTH },
    ({ workspaceGroups: [group] }) => group && { ...group.workspaces, items: group.workspaces.edges },
  );
  if (list?.totalCount === 0) return <Empty>{groups.noWorkspaces}</Empty>;
  return (
    <>
      {error && <Failure error={error} onRetry={retry} />}
      {!list && !error && <Loading />}
      {list && (
        <Rows>
          {list.items.map(({ node, roleType }) => (
            <Row
              key={node.id}
              title={node.name}
              badge={<WorkspaceBadges {...node} />}
              // The role through this group.
              detail={roleType ? workspaces.roles[roleType] : workspaces.noRole}
            />
          ))}
        </Rows>
      )}
      {list && list.totalCount > PAGE_LENGTH && (
        <ShowMore shown={list.items.length} total={list.totalCount} hasMore={list.hasMore} isBusy={isBusy} onMore={showMore} />
      )}
    </>
  );
}
