// Starts disabling MFA.

import { mutate } from '../api/execute';
import { graphql } from '../gql';
import { useFreshSignIn } from '../sign-in/Reauthentication';
import { Form } from '../ui/Form';
import type { Begun } from './ConfirmMfa';

const DisableMfa = graphql(`
  mutation DisableMfa {
    disableMfa {
      sentTo
      errors { message code field }
    }
  }
`);

export function SwitchOff({ onBegun }: { onBegun: (begun: Begun) => void }) {
  const withFreshSignIn = useFreshSignIn();

  async function disable() {
    const { sentTo, errors } = await withFreshSignIn(() => mutate(DisableMfa));
    if (errors.length === 0) onBegun({ to: 'off', sentTo, otp: null });
    return errors;
  }

  return <Form submit="Switch off" quiet onSubmit={disable} />;
}
