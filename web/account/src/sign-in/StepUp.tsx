// Step-up authentication: verifies the user again before a sensitive operation.

import { useState } from 'react';
import { useClient, useQuery } from 'urql';
import { errorsOf, useAction, type Problem } from '../api/actions';
import { useWords } from '../i18n';
import { Form, text } from '../ui/Form';
import { Modal } from '../ui/Modal';
import { Loading } from '../ui/states';
import { isOver, type Challenge, type Factor } from './challenge';
import { CodeStep } from './CodeStep';
import { KnownUserPassword } from './KnownUser';
import { ReauthenticateMutation, StartPasskeySignInMutation, WhoQuery } from './operations';
import { askAuthenticator } from './passkey';
import { PasskeyButton } from './PasskeyButton';
import type { User } from './useSignIn';
import './sign-in.css';

interface StepUpProps {
  user: User;
  /** Whether the user was verified, or has cancelled. */
  onDone: (isVerified: boolean) => void;
}

/** A challenge, and the password that has to be repeated with the code. */
type Pending = Pick<Challenge, 'mfaType' | 'sentTo' | 'passkeyOptions' | 'problem'> & { password: string };

export function StepUp({ user, onDone }: StepUpProps) {
  const { signIn } = useWords();
  const act = useAction();
  const [pending, setPending] = useState<Pending | null>(null);
  const [hasExpired, setExpired] = useState(false);

  async function withPassword(password: string): Promise<readonly Problem[]> {
    setExpired(false);
    const payload = await act(ReauthenticateMutation, { input: { password } });
    const problems = errorsOf(payload);
    if (payload.user) onDone(true);
    if (!payload.mfaChallenge) return problems;
    setPending({ ...payload.mfaChallenge, problem: problems[0], password });
    return [];
  }

  async function withCode(password: string, factor: Factor): Promise<readonly Problem[]> {
    const payload = await act(ReauthenticateMutation, { input: { password, ...factor } });
    if (payload.user) onDone(true);
    if (!isOver(errorsOf(payload))) return errorsOf(payload);
    setPending(null);
    setExpired(true);
    return [];
  }

  return (
    <Modal title={signIn.stepUp.title} onClose={() => onDone(false)}>
      {pending ? (
        <CodeStep
          question={pending}
          onConfirm={(factor) => withCode(pending.password, factor)}
          onStartOver={() => setPending(null)}
          onCancel={() => onDone(false)}
        />
      ) : (
        <Password user={user} hasExpired={hasExpired} onPassword={withPassword} onDone={onDone} />
      )}
    </Modal>
  );
}

interface PasswordProps extends StepUpProps {
  hasExpired: boolean;
  onPassword: (password: string) => Promise<readonly Problem[]>;
}

function Password({ user, hasExpired, onPassword, onDone }: PasswordProps) {
  const words = useWords();
  const withPasskey = usePasskeyStepUp(user, onDone);
  const [{ data, fetching }] = useQuery({ query: WhoQuery });
  if (fetching) return <Loading />;
  return (
    <>
      <p className="lead">{words.signIn.stepUp.lead}</p>
      <div role="alert">{hasExpired && <p className="notice notice-warning">{words.signIn.expired}</p>}</div>
      <Form submit={words.continue} onSubmit={(values) => onPassword(text(values, 'password'))} onCancel={() => onDone(false)}>
        <KnownUserPassword userId={user.userId} />
      </Form>
      {data?.me?.passkeys.length !== 0 && (
        <div className="gate-others">
          <PasskeyButton label={words.signIn.stepUp.passkey} onAsk={withPasskey} />
        </div>
      )}
    </>
  );
}

function usePasskeyStepUp(user: User, onDone: StepUpProps['onDone']): () => Promise<readonly Problem[]> {
  const act = useAction();
  const client = useClient();
  return async () => {
    // Only a request with a valid access token gets a challenge of this session.
    await client.query(WhoQuery, {}, { requestPolicy: 'network-only' }).toPromise();
    const started = await act(StartPasskeySignInMutation, { input: user });
    if (!started.challenge) return errorsOf(started);
    const credential = await askAuthenticator(started.challenge.options);
    const payload = await act(ReauthenticateMutation, { input: { challengeToken: started.challenge.token, credential } });
    if (payload.user) onDone(true);
    return errorsOf(payload);
  };
}
