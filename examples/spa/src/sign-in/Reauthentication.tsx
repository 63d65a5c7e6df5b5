// Step-up authentication: a dialog asks for the password, and with MFA for a code; then the operation is repeated.

import { createContext, use, useCallback, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { mutate } from '../api/execute';
import { RequestFailed } from '../api/send';
import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { AnswerField, type AskedFor } from './AnswerField';
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
type Prove = () => Promise<boolean>;

const ProveContext = createContext<Prove>(() => Promise.resolve(false));

/** Wraps an operation that may be refused with REAUTHENTICATION_REQUIRED. */
export function useFreshSignIn() {
  const prove = use(ProveContext);
  return async <Payload extends { errors: readonly { code: string }[] }>(operation: () => Promise<Payload>) => {
    const payload = await operation();
    const isRefused = payload.errors.some(({ code }) => code === 'REAUTHENTICATION_REQUIRED');
    if (!isRefused) return payload;
    if (!(await prove())) throw new RequestFailed('This was not done, because it takes your password.');
    return operation();
  };
}

interface ReauthenticationProps {
  user: FragmentType<typeof ReauthenticationUser>;
  children: ReactNode;
}

export function Reauthentication({ user, children }: ReauthenticationProps) {
  const { userId } = getFragmentData(ReauthenticationUser, user);
  const asked = useRef<PromiseWithResolvers<boolean>>(null);
  const [isOpen, setOpen] = useState(false);

  const prove = useCallback(() => {
    asked.current ??= Promise.withResolvers();
    setOpen(true);
    return asked.current.promise;
  }, []);

  function close(isProven: boolean) {
    asked.current?.resolve(isProven);
    asked.current = null;
    setOpen(false);
  }

  return (
    <ProveContext value={prove}>
      {children}
      {isOpen && <ReauthenticationDialog userId={userId} onClose={close} />}
    </ProveContext>
  );
}

interface ReauthenticationDialogProps {
  userId: string;
  onClose: (isProven: boolean) => void;
}

function ReauthenticationDialog({ userId, onClose }: ReauthenticationDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [challenge, setChallenge] = useState<AskedFor | null>(null);

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
      <h2 id="reauthentication">Is it still you?</h2>
      <p>You signed in a while ago. Enter your password again to go on.</p>
      <Form submit="Go on" onSubmit={reauthenticate} onCancel={() => onClose(false)}>
        <Username userId={userId} />
        <Field name="password" label="Password" type="password" autoComplete="current-password" required />
        {challenge && <AnswerField asked={challenge} />}
      </Form>
    </dialog>
  );
}
