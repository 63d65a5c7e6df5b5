// The input for the code of a challenge, with a hint where to find that code.

import { getFragmentData, graphql, type FragmentType } from '../gql';
import type { ChallengeFragment } from '../gql/graphql';
import { Field } from '../ui/Field';
import type { UserError } from '../ui/Form';

const Challenge = graphql(`
  fragment Challenge on MfaChallenge {
    mfaType
    sentTo
  }
`);

/** A challenge of `signIn` or `reauthenticate`, and why no code was sent for it. */
export interface SentChallenge {
  factor: FragmentType<typeof Challenge>;
  errors: readonly UserError[];
}

export function ChallengeField({ challenge }: { challenge: SentChallenge }) {
  const factor = getFragmentData(Challenge, challenge.factor);
  return (
    <>
      <p>{whereToFind(factor, challenge.errors)}</p>
      {/* Not a numeric field, because a recovery code has letters. */}
      <Field name="verifyCode" label="Code" autoComplete="one-time-code" autoCapitalize="none" required autoFocus />
    </>
  );
}

function whereToFind({ mfaType, sentTo }: ChallengeFragment, errors: readonly UserError[]): string {
  if (mfaType === 'OTP') return 'Enter the code that your authenticator app shows, or a recovery code.';
  if (sentTo) return `Enter the code that we sent to ${sentTo}, or a recovery code.`;
  const reasons = errors.map(({ message }) => message).join(' ');
  return `${reasons} You can still use a recovery code.`;
}
