// The page on which users manage how they sign in.

import { useLiveQuery } from '../../api/live';
import { graphql } from '../../gql';
import { useWords } from '../../i18n';
import { Page, Section } from '../../ui/Page';
import { Failure, Loading } from '../../ui/states';
import { Mfa } from './Mfa';
import { Passkeys } from './Passkeys';
import { Password } from './Password';
import { RecoveryCodes } from './RecoveryCodes';
import './security.css';

const SecurityQuery = graphql(`
  query Security {
    me {
      id
      authType
      ...PasswordUser
      ...MfaUser
      ...RecoveryCodesUser
      ...PasskeysUser
    }
  }
`);

export default function Security() {
  const { pages, security: words } = useWords();
  const [{ data, error }, readAgain] = useLiveQuery(SecurityQuery);
  const me = data?.me;

  function content() {
    if (!me) {
      if (error) return <Failure error={error} onRetry={readAgain} />;
      return <Loading />;
    }
    if (me.authType === 'EXTERNAL') return <Section title={words.external} lead={words.externalText} />;
    return (
      <>
        <Password user={me} />
        <Mfa user={me} />
        <RecoveryCodes user={me} />
        <Passkeys user={me} />
      </>
    );
  }

  return (
    <Page title={pages.security} lead={words.lead}>
      {content()}
    </Page>
  );
}
