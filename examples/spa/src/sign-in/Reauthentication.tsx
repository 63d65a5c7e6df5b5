// Step-up authentication: a dialog asks for the password, and with MFA for a code; then the operation is repeated.

import { createContext, use, useCallback, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { mutate } from '../api/execute';
import { RequestFailed } from '../api/send';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { ChallengeField, type SentChallenge } from './ChallengeField';
import { Username } from './Username';

const ReauthenticationUser = graphql(`
  fragment Reauthentication on User {
    userId
  }
`);

const Reauthenticate = graphql(`
  mutation Reauthenticate($input: ReauthenticateInput!) {
    reauthenticate(input: $input) {
      user { id }
      mfaChallenge { ...Challenge }
      errors { message field }
    }
  }
`);

/** Opens the dialog; resolves to whether the user reauthenticated. */
type OpenDialog = () => Promise<boolean>;

const OpenDialogContext = createContext<OpenDialog>(() => Promise.resolve(false));

/** Wraps an operation that may be refused with REAUTHENTICATION_REQUIRED. */
export function useReauthentication() {
  const openDialog = use(OpenDialogContext);
  return async <Payload extends { errors: readonly { code: string }[] }>(operation: () => Promise<Payload>) => {
    const payload = await operation();
    const isRefused = payload.errors.some(({ code }) => code === 'REAUTHENTICATION_REQUIRED');
    if (!isRefused) return payload;
    if (!(await openDialog())) throw new RequestFailed('Nothing was changed, because this requires your password.');
    return operation();
  };
}

interface ReauthenticationProps {
  user: FragmentType<typeof ReauthenticationUser>;
  children: ReactNode;
}

export function Reauthentication({ user, children }: ReauthenticationProps) {
  const { userId } = getFragmentData(ReauthenticationUser, user);
  const waiting = useRef<PromiseWithResolvers<boolean>>(null);
  const [isOpen, setOpen] = useState(false);

  const openDialog = useCallback(() => {
    waiting.current ??= Promise.withResolvers();
    setOpen(true);
    return waiting.current.promise;
  }, []);

  function close(isReauthenticated: boolean) {
    waiting.current?.resolve(isReauthenticated);
    waiting.current = null;
    setOpen(false);
  }

  return (
    <OpenDialogContext value={openDialog}>
      {children}
      {isOpen && <ReauthenticationDialog userId={userId} onClose={close} />}
    </OpenDialogContext>
  );
}

interface ReauthenticationDialogProps {
  userId: string;
  onClose: (isReauthenticated: boolean) => void;
}

function ReauthenticationDialog({ userId, onClose }: ReauthenticationDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [challenge, setChallenge] = useState<SentChallenge | null>(null);

  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    // The browser would focus the first field, which is only for password managers.
    current?.querySelector<HTMLElement>('[type=password]')?.focus();
    return () => current?.close();
  }, []);

  async function reauthenticate(values: FormData) {
    const verifyCode = text(values, 'verifyCode') || null;
    const { user, mfaChallenge, errors } = await mutate(Reauthenticate, {
      input: { password: text(values, 'password'), verifyCode },
    });
    if (user) onClose(true);
    if (mfaChallenge) setChallenge({ factor: mfaChallenge, errors });
    return mfaChallenge ? [] : errors;
  }

  return (
    <dialog ref={dialog} className="card alone" aria-labelledby="reauthentication" onCancel={() => onClose(false)}>
      <h2 id="reauthentication">Confirm that it is you</h2>
      <p>You signed in a while ago. Enter your password again to continue.</p>
      <Form submit="Continue" onSubmit={reauthenticate} onCancel={() => onClose(false)}>
        <Username userId={userId} />
        <Field name="password" label="Password" type="password" autoComplete="current-password" required />
        {challenge && <ChallengeField challenge={challenge} />}
      </Form>
    </dialog>
  );
}
