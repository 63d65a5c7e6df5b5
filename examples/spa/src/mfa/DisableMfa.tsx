// Starts disabling MFA.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import { useReauthentication } from '../sign-in/Reauthentication';
import { Form } from '../ui/Form';
import type { PendingChange } from './ConfirmMfa';

const DisableMfaMutation = graphql(`
  mutation DisableMfa {
    disableMfa {
      sentTo
      errors { message code field }
    }
  }
`);

export function DisableMfa({ onStarted }: { onStarted: (pending: PendingChange) => void }) {
  const withReauthentication = useReauthentication();

  async function disable() {
    const { sentTo, errors } = await withReauthentication(() => mutate(DisableMfaMutation));
    if (errors.length === 0) onStarted({ to: 'disable', sentTo, otp: null });
    return errors;
  }

  return <Form submit="Turn off" quiet onSubmit={disable} />;
}
