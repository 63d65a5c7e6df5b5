// The overview: the state of the account at one glance, and the way to each page.

import { useLiveQuery } from '../api/live';
import { fill, useWords } from '../i18n';
import { Page } from '../ui/Page';
import { Failure, Loading } from '../ui/states';
import { AccessCard } from './overview/AccessCard';
import { OverviewQuery } from './overview/documents';
import { ProfileCard } from './overview/ProfileCard';
import { RecentActivity } from './overview/RecentActivity';
import { SecurityCard } from './overview/SecurityCard';
import './overview/overview.css';

export default function Overview() {
  const words = useWords();
  const [{ data, error }, readAgain] = useLiveQuery(OverviewQuery);
  const me = data?.me;
  const heading = me ? fill(words.overview.greeting, { name: me.name ?? me.userId }) : words.pages.overview;
  return (
    <Page title={words.pages.overview} heading={heading} lead={words.overview.lead}>
      {me ? (
        <>
          <div className="cards">
            <ProfileCard me={me} />
            <SecurityCard me={me} />
          </div>
          <AccessCard me={me} />
          <RecentActivity events={me.securityEvents.nodes} />
        </>
      ) : error ? (
        <Failure error={error} onRetry={readAgain} />
      ) : (
        <Loading />
      )}
    </Page>
  );
}
