import { useState } from 'react';
import type { UserState } from '../../gql/graphql';
import { useWords } from '../../i18n';
import { Badge, Row, Rows } from '../../ui/Page';
import { ShowMore } from '../../ui/ShowMore';
import { Empty } from '../../ui/states';
import type { Group } from './documents';

/** Large groups are shown in steps. */
const STEP = 20;

type Member = Group['users'][number];

export function Members({ users }: { users: readonly Member[] }) {
  const { groups } = useWords();
  const [limit, setLimit] = useState(STEP);
  if (users.length === 0) return <Empty>{groups.noMembers}</Empty>;
  const shown = users.slice(0, limit);
  return (
    <>
      <Rows>
        {shown.map((user) => (
          <MemberRow key={user.userId} user={user} />
        ))}
      </Rows>
      {users.length > STEP && (
        <ShowMore shown={shown.length} total={users.length} hasMore={limit < users.length} onMore={() => setLimit(limit + STEP)} />
      )}
    </>
  );
}

function MemberRow({ user }: { user: Member }) {
  const { workspaces } = useWords();
  const { userId, userName, state, roleType } = user;
  const role = roleType ? workspaces.roles[roleType] : workspaces.noRole;
  return <Row title={userName ?? userId} badge={<StateBadge state={state} />} detail={userName ? `${role} · ${userId}` : role} />;
}

/** What is special about the account of a member. Without a state, it does not exist any more. */
function StateBadge({ state }: { state: UserState | null }) {
  const { groups } = useWords();
  if (state === 'ENABLED') return null;
  if (state === 'PENDING') return <Badge>{groups.invited}</Badge>;
  return <Badge tone="warning">{state === 'DISABLED' ? groups.disabled : groups.deleted}</Badge>;
}
