// The profile: what the user is called, in which language and time zone, and their email address.

import { useLiveQuery } from '../api/live';
import { useWords } from '../i18n';
import { Page } from '../ui/Page';
import { Failure, Loading } from '../ui/states';
import { Details } from './profile/Details';
import { ProfileQuery } from './profile/documents';
import { Email } from './profile/Email';
import { Facts } from './profile/Facts';
import './profile/profile.css';

export default function Profile() {
  const words = useWords();
  const [{ data, error }, readAgain] = useLiveQuery(ProfileQuery);
  const me = data?.me;
  return (
    <Page title={words.pages.profile} lead={words.profile.lead}>
      {me ? (
        <>
          <Details me={me} />
          <Email me={me} readAgain={readAgain} />
          <Facts me={me} />
        </>
      ) : error ? (
        <Failure error={error} onRetry={readAgain} />
      ) : (
        <Loading />
      )}
    </Page>
  );
}
