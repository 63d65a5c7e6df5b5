// What happened to the account, day by day.

import { Link } from 'wouter';
import { useList } from '../api/pages';
import { graphql } from '../gql';
import { useWords } from '../i18n';
import { useFormat } from '../i18n/format';
import { pathOf } from '../app/paths';
import { Page, Rows, Section } from '../ui/Page';
import { ShowMore } from '../ui/ShowMore';
import { Empty, Failure, Loading } from '../ui/states';
import { byDay, isDaysAgo } from './activity/days';
import { EventRow } from './activity/EventRow';

const ActivityListDocument = graphql(`
  query ActivityList($first: Int!, $after: String) {
    me {
      id
      securityEvents(first: $first, after: $after) {
        nodes { id type createdAt clientAddress actor device }
        totalCount
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

const PAGE_LENGTH = 20;

export default function Activity() {
  const words = useWords();
  const day = useDayName();
  const { list, error, isBusy, showMore, retry } = useList(ActivityListDocument, { first: PAGE_LENGTH }, ({ me }) =>
    me && { ...me.securityEvents, items: me.securityEvents.nodes },
  );
  return (
    <Page title={words.pages.activity} lead={words.activity.lead}>
      <div className="notice">
        <Link href={pathOf('security')} className="notice-title">
          {words.activity.notYou}
        </Link>
        <p>{words.activity.notYouText}</p>
      </div>
      {list?.totalCount === 0 && <Empty>{words.activity.none}</Empty>}
      {byDay(list?.items ?? []).map(({ time, events }) => (
        <Section key={time} title={day(time)}>
          <Rows>
            {events.map((event) => (
              <EventRow key={event.id} event={event} />
            ))}
          </Rows>
        </Section>
      ))}
      {error && <Failure error={error} onRetry={retry} />}
      {!list && !error && <Loading />}
      {list && <ShowMore shown={list.items.length} total={list.totalCount} hasMore={list.hasMore} isBusy={isBusy} onMore={showMore} />}
    </Page>
  );
}

function useDayName() {
  const { activity } = useWords();
  const format = useFormat();
  return (time: string) => {
    if (isDaysAgo(time, 0)) return activity.today;
    return isDaysAgo(time, 1) ? activity.yesterday : format.day(time);
  };
}
