// The messages about sign-in for the user.

import { RequestFailed } from './graphql';
import type { MfaChallenge, UserError } from './operations';

export interface Message {
  tone: 'error' | 'info';
  text: string;
  /** The input that the message is about, by its name in the API. */
  field?: string | null;
}

export const SIGNED_IN = info('Your access token is in the Headers editor below. Every query that you run sends it.');
export const SIGNED_OUT = info('You are signed out.');
export const SESSION_ENDED = error('Your session has ended. Please sign in again.');

export function info(text: string): Message {
  return { tone: 'info', text };
}

export function error(text: string, field: string | null = null): Message {
  return { tone: 'error', text, field };
}

/** The user corrects the first error first; the server reports the others again. */
export function fromErrors([first]: UserError[]): Message {
  if (!first) return error('Sign-in failed for an unknown reason. Please try again.');
  if (first.code === 'RATE_LIMITED' && first.retryAfter) {
    return error(`Too many attempts. Please wait ${duration(first.retryAfter)}, then try again.`);
  }
  return error(first.message, first.field);
}

export function fromFailure(failure: unknown): Message {
  if (failure instanceof RequestFailed) return error(failure.message);
  throw failure;
}

/** Says where to find the code; `errors` beside a challenge say why none was sent. */
export function fromChallenge(challenge: MfaChallenge, errors: UserError[]): Message {
  if (challenge.mfaType === 'OTP') return info('Enter the code that your authenticator app shows, or a recovery code.');
  if (challenge.sentTo) return info(`We sent a code to ${challenge.sentTo}. Enter it here, or a recovery code.`);
  const reason = errors.length > 0 ? fromErrors(errors).text : 'No code could be sent.';
  return error(`${reason} You can still use a recovery code.`);
}

function duration(seconds: number): string {
  if (seconds < 90) return plural(Math.ceil(seconds), 'second');
  return plural(Math.ceil(seconds / 60), 'minute');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
