// The secret for an authenticator app, to scan or to type in.

import type { Otp } from '../../gql/graphql';
import { useWords } from '../../i18n';

export function SetUpApp({ otp: { qrCode, secret, uri } }: { otp: Otp }) {
  const { security: words } = useWords();
  return (
    <div className="set-up-app">
      <img src={qrCode} alt={words.qrCode} width="200" height="200" />
      <div>
        <p>{words.scan}</p>
        <p>
          {words.cannotScan} <code>{secret.replace(/.{4}(?=.)/g, '$& ')}</code>
        </p>
        <p>
          <a href={uri}>{words.openApp}</a>
        </p>
      </div>
    </div>
  );
}
