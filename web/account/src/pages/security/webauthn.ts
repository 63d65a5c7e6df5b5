// Passkeys of the browser (WebAuthn).

import { ActionFailed } from '../../api/actions';

type Json = Record<string, unknown>;

/** What the exceptions of `navigator.credentials.create` are shown as; WebAuthn Level 3, section 5.1.3. */
const CODES: Record<string, string> = {
  // The user cancelled, or it took too long: browsers do not say which.
  NotAllowedError: 'PASSKEY_NOT_CREATED',
  AbortError: 'PASSKEY_NOT_CREATED',
  InvalidStateError: 'PASSKEY_ON_DEVICE',
  SecurityError: 'PASSKEY_WRONG_SITE',
  NotSupportedError: 'PASSKEYS_UNSUPPORTED',
  ConstraintError: 'PASSKEYS_UNSUPPORTED',
};

/** False also for a page without TLS, unless it is on localhost. */
export function canCreatePasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
}

/** Has the browser create a passkey, and returns it for the server. Throws `ActionFailed`. */
export async function createPasskey(options: Json): Promise<Json> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    const credential = await navigator.credentials.create({ publicKey });
    if (!(credential instanceof PublicKeyCredential)) throw new DOMException('No passkey.', 'NotAllowedError');
    return { ...credential.toJSON() };
  } catch (failure) {
    if (!(failure instanceof DOMException)) throw failure;
    throw new ActionFailed({ code: CODES[failure.name] ?? 'FAILED', message: failure.message });
  }
}

const DEVICES: readonly [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/CrOS/, 'Chromebook'],
  [/Macintosh/, 'Mac'],
  [/Windows/, 'Windows'],
  [/Linux/, 'Linux'],
];

/** A name for passkeys of this device, if it is known. */
export function deviceName(): string | null {
  return DEVICES.find(([pattern]) => pattern.test(navigator.userAgent))?.[1] ?? null;
}
