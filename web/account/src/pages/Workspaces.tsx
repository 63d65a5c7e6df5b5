// The user's workspaces: all of them, or those that they search for.

import { useCallback } from 'react';
import { useList } from '../api/pages';
import { useWords } from '../i18n';
import { Button } from '../ui/Button';
import { Page, Rows } from '../ui/Page';
import { ShowMore } from '../ui/ShowMore';
import { Empty, Failure, Loading } from '../ui/states';
import { WorkspaceListDocument } from './workspaces/documents';
import { useFilter } from './workspaces/filter';
import { Search } from './workspaces/Search';
import { WorkspaceRow } from './workspaces/WorkspaceRow';
import './workspaces/workspaces.css';

const PAGE_LENGTH = 20;

export default function Workspaces() {
  const { pages, workspaces: words } = useWords();
  const { text, role, filter, set, clear } = useFilter();
  const setText = useCallback((text: string) => set('q', text), [set]);
  const setRole = useCallback((role: string) => set('role', role), [set]);
  const { list, error, isBusy, showMore, retry } = useList(WorkspaceListDocument, { filter, first: PAGE_LENGTH }, ({ me }) =>
    me && { ...me.workspaces, items: me.workspaces.nodes },
  );
  const isFiltered = Boolean(text || role);
  return (
    <Page title={pages.workspaces} lead={words.lead}>
      <Search text={text} role={role} onText={setText} onRole={setRole} />
      {error && <Failure error={error} onRetry={retry} />}
      {!list && !error && <Loading />}
      {list && list.items.length > 0 && (
        <div className="section">
          <Rows>
            {list.items.map((workspace) => (
              <WorkspaceRow key={workspace.id} workspace={workspace} />
            ))}
          </Rows>
        </div>
      )}
      {list && list.items.length === 0 && <Empty>{isFiltered ? words.noMatch : words.none}</Empty>}
      {list && list.items.length === 0 && isFiltered && (
        <div className="buttons">
          <Button onClick={clear}>{words.clear}</Button>
        </div>
      )}
      {list && (
        <ShowMore shown={list.items.length} total={list.totalCount} hasMore={list.hasMore} isBusy={isBusy} onMore={showMore} />
      )}
    </Page>
  );
}
