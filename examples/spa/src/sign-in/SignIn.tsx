// Sign-in: the password first, then, with MFA enabled, the code of the challenge.

import { useState } from 'react';
import { mutate } from '../api/execute';
import { graphql } from '../gql';
import { loadVisitor } from '../visitor';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { ChallengeField, type SentChallenge } from './ChallengeField';

const SignInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      session { expiresAt }
      mfaChallenge { token ...Challenge }
      errors { message field }
    }
  }
`);

const ConfirmSignIn = graphql(`
  mutation ConfirmSignIn($input: ConfirmSignInInput!) {
    confirmSignIn(input: $input) {
      session { expiresAt }
      errors { message field }
    }
  }
`);

type Challenge = SentChallenge & { token: string };

export function SignIn({ notice }: { notice: string | undefined }) {
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  return (
    <main className="card alone">
      <h1 className="row"><img src="/favicon.svg" alt="" width="32" height="32" />Your account</h1>
      {challenge ? (
        <SecondStep challenge={challenge} onCancel={() => setChallenge(null)} />
      ) : (
        <>
          {notice && <p role="status">{notice}</p>}
          <FirstStep onChallenge={setChallenge} />
        </>
      )}
    </main>
  );
}

function FirstStep({ onChallenge }: { onChallenge: (challenge: Challenge) => void }) {
  async function signIn(values: FormData) {
    const { session, mfaChallenge, errors } = await mutate(SignInMutation, {
      input: {
        domainId: text(values, 'domainId').trim() || null,
        userId: text(values, 'userId'),
        password: text(values, 'password'),
      },
    });
    if (session) await loadVisitor();
    // Errors beside a challenge say why no code was sent for it.
    if (mfaChallenge) onChallenge({ token: mfaChallenge.token, factor: mfaChallenge, errors });
    return errors;
  }

  return (
    <Form submit="Sign in" onSubmit={signIn}>
      <Field
        name="domainId"
        label="Domain id"
        hint="Optional if there is only one domain."
        autoCapitalize="none"
      />
      <Field name="userId" label="User id" autoComplete="username" autoCapitalize="none" required />
      <Field name="password" label="Password" type="password" autoComplete="current-password" required />
    </Form>
  );
}

function SecondStep({ challenge, onCancel }: { challenge: Challenge; onCancel: () => void }) {
  async function confirm(values: FormData) {
    const { session, errors } = await mutate(ConfirmSignIn, {
      input: { challengeToken: challenge.token, verifyCode: text(values, 'verifyCode') },
    });
    if (session) await loadVisitor();
    return errors;
  }

  return (
    <Form submit="Confirm" onSubmit={confirm} onCancel={onCancel}>
      <ChallengeField challenge={challenge} />
    </Form>
  );
}
