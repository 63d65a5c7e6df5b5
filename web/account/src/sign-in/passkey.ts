// Passkeys (WebAuthn): asks the authenticator through the browser.

import { ActionFailed } from '../api/actions';

/** Whether this browser can use passkeys. */
export const HAS_PASSKEYS = typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

type Json = Record<string, unknown>;

/** How the browser asks: at once, or, if `mediation` is `conditional`, in the field for the user id. */
export type Asking = Pick<CredentialRequestOptions, 'mediation' | 'signal'>;

/** The response of the authenticator, as the API takes it. Throws `ActionFailed`. */
export async function askAuthenticator(options: Json, asking: Asking = {}): Promise<Json> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  const credential = await navigator.credentials.get({ publicKey, ...asking }).catch((failure: unknown) => {
    throw new ActionFailed({ code: codeOf(failure), message: String(failure) });
  });
  if (!(credential instanceof PublicKeyCredential)) throw new ActionFailed({ code: 'PASSKEY_FAILED', message: 'No passkey.' });
  return credential.toJSON() as unknown as Json;
}

function codeOf(failure: unknown): string {
  const name = failure instanceof DOMException ? failure.name : '';
  if (name === 'NotAllowedError') return 'PASSKEY_CANCELLED';
  return name === 'SecurityError' ? 'PASSKEY_ELSEWHERE' : 'PASSKEY_FAILED';
}
