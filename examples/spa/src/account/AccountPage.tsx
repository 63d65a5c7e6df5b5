// The page of the authenticated user, section by section.

import { Email } from '../email/Email';
import type { AccountFragment, RequiredAction } from '../gql/graphql';
import { Mfa } from '../mfa/Mfa';
import { Password } from '../password/Password';
import { Profile } from '../profile/Profile';
import { Reauthentication } from '../sign-in/Reauthentication';
import { Workspaces } from '../workspaces/Workspaces';
import { Header } from './Header';
import { RequiredActions } from './RequiredActions';

export function AccountPage({ user }: { user: AccountFragment }) {
  const { requiredActions } = user;
  // While an action is required, the server refuses everything else, except reading.
  const isFree = requiredActions.length === 0;
  const isOpen = (action: RequiredAction) => isFree || requiredActions.includes(action);

  return (
    <Reauthentication user={user}>
      <main className="page">
        <Header user={user} />
        <RequiredActions actions={requiredActions} />
        {isFree && <Profile user={user} />}
        {isFree && <Email user={user} />}
        {isOpen('UPDATE_PASSWORD') && <Password user={user} isRequired={!isFree} />}
        {isOpen('ENFORCE_MFA') && <Mfa user={user} />}
        <Workspaces />
      </main>
    </Reauthentication>
  );
}
