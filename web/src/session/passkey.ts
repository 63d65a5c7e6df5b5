// Passkeys (WebAuthn): asks the authenticator through the browser.

import { RequestFailed } from './graphql';

/** Whether this browser can use passkeys on this page. */
export const HAS_PASSKEYS =
  typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

/** The response of the authenticator, as the API takes it. */
export async function askAuthenticator(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey }).catch((failure: unknown) => {
    throw new RequestFailed(explain(failure, options.rpId ?? location.hostname));
  });
  if (!(credential instanceof PublicKeyCredential)) throw new RequestFailed('The browser returned no passkey.');
  return credential.toJSON();
}

function explain(failure: unknown, domain: string): string {
  const name = failure instanceof DOMException ? failure.name : '';
  if (name === 'NotAllowedError') return 'No passkey was used: the request was cancelled or has timed out.';
  if (name === 'SecurityError') return `Passkeys belong to ${domain}. Open this page there.`;
  return 'The browser could not use a passkey.';
}
