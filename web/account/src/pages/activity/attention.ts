// The events that the user should look at: failed attempts, and signs of a copied secret.

import type { SecurityEventType } from '../../gql/graphql';

const ATTEMPTS: readonly SecurityEventType[] = [
  'SIGN_IN_FAILED',
  'SIGN_IN_LOCKED',
  'SIGN_IN_CODE_FAILED',
  'SIGN_IN_CODES_EXHAUSTED',
  'REAUTHENTICATION_FAILED',
  'PASSWORD_RESET_REFUSED',
];

const COPIES: readonly SecurityEventType[] = ['PASSKEY_REFUSED', 'REFRESH_TOKEN_REUSED'];

export function needsAttention(type: SecurityEventType): boolean {
  return isAttempt(type) || COPIES.includes(type);
}

/** Whether anybody may have caused it, whom the server takes for the user. */
export function isAttempt(type: SecurityEventType): boolean {
  return ATTEMPTS.includes(type);
}
