// A group. Its members and workspaces can be shown and hidden.

import { useId, useState } from 'react';
import { fill, useWords } from '../../i18n';
import type { Group } from './documents';
import { GroupWorkspaces } from './GroupWorkspaces';
import { Members } from './Members';

export function GroupSection({ group }: { group: Group }) {
  const { groups } = useWords();
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const counts = fill(groups.counts, { workspaces: group.workspaces.totalCount, members: group.users.length });
  return (
    <section className="section group" aria-labelledby={`${id}-name`}>
      <div>
        <h2>
          <button
            type="button"
            id={`${id}-name`}
            className="disclosure"
            aria-expanded={isOpen}
            aria-controls={`${id}-panel`}
            aria-describedby={`${id}-counts`}
            onClick={() => setOpen(!isOpen)}
          >
            {group.name}
          </button>
        </h2>
        <p id={`${id}-counts`} className="section-lead">
          {counts}
        </p>
      </div>
      <div id={`${id}-panel`} className="group-panel" hidden={!isOpen}>
        {isOpen && (
          <>
            <h3>{groups.members}</h3>
            <Members users={group.users} />
            <h3>{groups.workspaces}</h3>
            <GroupWorkspaces id={group.id} />
          </>
        )}
      </div>
    </section>
  );
}
