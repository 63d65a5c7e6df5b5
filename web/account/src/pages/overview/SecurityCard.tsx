import { useWords } from '../../i18n';
import { Badge } from '../../ui/Page';
import { Card } from './Card';
import type { Me } from './documents';

/** With this many recovery codes, it is time to generate new ones. */
const FEW_CODES = 3;

export function SecurityCard({ me }: { me: Me }) {
  const { overview: words } = useWords();
  const isExternal = me.authType === 'EXTERNAL';
  return (
    <Card title={words.security} page="security" link={words.toSecurity}>
      {isExternal ? <p>{words.external}</p> : <SignInFacts me={me} />}
    </Card>
  );
}

function SignInFacts({ me: { mfa, passkeys } }: { me: Me }) {
  const { overview: words } = useWords();
  const isOn = mfa.state === 'ENABLED';
  const areCodesFew = isOn && mfa.recoveryCodesLeft <= FEW_CODES;
  return (
    <>
      <dl className="facts">
        <dt>{words.mfa}</dt>
        <dd>
          <Badge tone={isOn ? 'good' : 'neutral'}>{isOn ? words.on : words.off}</Badge>
        </dd>
        <dt>{words.passkeys}</dt>
        <dd>{passkeys.length}</dd>
        {isOn && (
          <>
            <dt>{words.recoveryCodes}</dt>
            <dd>
              {mfa.recoveryCodesLeft} {areCodesFew && <Badge tone="warning">{words.few}</Badge>}
            </dd>
          </>
        )}
      </dl>
      {areCodesFew && <p className="card-note">{words.fewCodes}</p>}
      {!isOn && passkeys.length === 0 && <p className="card-note">{words.passwordOnly}</p>}
    </>
  );
}
