// The groups that the user belongs to.

import { useList } from '../api/pages';
import { useWords } from '../i18n';
import { Page } from '../ui/Page';
import { ShowMore } from '../ui/ShowMore';
import { Empty, Failure, Loading } from '../ui/states';
import { GroupListDocument } from './groups/documents';
import { GroupSection } from './groups/GroupSection';
import './groups/groups.css';

const PAGE_LENGTH = 20;

export default function Groups() {
  const { pages, groups: words } = useWords();
  const { list, error, isBusy, showMore, retry } = useList(GroupListDocument, { first: PAGE_LENGTH }, ({ me }) =>
    me && { ...me.workspaceGroups, items: me.workspaceGroups.nodes },
  );
  return (
    <Page title={pages.groups} lead={words.lead}>
      {error && <Failure error={error} onRetry={retry} />}
      {!list && !error && <Loading />}
      {list?.totalCount === 0 && <Empty>{words.none}</Empty>}
      {list?.items.map((group) => (
        <GroupSection key={group.id} group={group} />
      ))}
      {list && list.totalCount > 0 && (
        <ShowMore shown={list.items.length} total={list.totalCount} hasMore={list.hasMore} isBusy={isBusy} onMore={showMore} />
      )}
    </Page>
  );
}
