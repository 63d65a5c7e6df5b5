// The user's email address. A new one takes effect when the code sent to it has been entered.

import { useState } from 'react';
import { mutate } from '../api/execute';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { updateProfile } from '../profile/updateProfile';
import { useReauthentication } from '../sign-in/Reauthentication';
import { Badge } from '../ui/Badge';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { Section } from '../ui/Section';
import { ConfirmEmail } from './ConfirmEmail';

const EmailUser = graphql(`
  fragment Email on User {
    email
    emailVerified
    pendingEmail
  }
`);

// Without an address, it uses the pending one, otherwise the current one.
const VerifyEmail = graphql(`
  mutation VerifyEmail {
    verifyEmail {
      sentTo
      errors { message code field }
    }
  }
`);

export function Email({ user }: { user: FragmentType<typeof EmailUser> }) {
  const { email, emailVerified, pendingEmail } = getFragmentData(EmailUser, user);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const withReauthentication = useReauthentication();
  const unconfirmed = pendingEmail ?? sentTo;

  async function change(address: string) {
    setSentTo(null);
    const { errors } = await withReauthentication(() => updateProfile({ email: address }));
    return errors;
  }

  async function sendCode() {
    const payload = await withReauthentication(() => mutate(VerifyEmail));
    if (payload.sentTo) setSentTo(payload.sentTo);
    return payload.errors;
  }

  return (
    <Section id="email" title="Email" about="The address for codes, links, and notifications.">
      <p className="row current">
        {email ?? 'No address yet.'}
        {email && <Badge good={emailVerified}>{emailVerified ? 'verified' : 'not verified'}</Badge>}
      </p>
      {unconfirmed ? (
        <ConfirmEmail
          address={unconfirmed}
          onConfirmed={() => setSentTo(null)}
          onSendAgain={sendCode}
          // Setting the current address cancels a pending one.
          onCancel={email ? () => change(email) : null}
        />
      ) : (
        <>
          {email && !emailVerified && <Form submit="Verify this address" quiet onSubmit={sendCode} />}
          <Form submit="Change address" onSubmit={(values) => change(text(values, 'email'))}>
            <Field name="email" label="New address" type="email" autoComplete="email" required />
          </Form>
        </>
      )}
    </Section>
  );
}
