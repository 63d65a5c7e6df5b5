// Enables two-step sign-in or replaces its factor: choose a factor, confirm it with a code, save the recovery codes.

import { useState } from 'react';
import { useQuery } from 'urql';
import { errorsOf, useAction, type Problem } from '../../api/actions';
import { graphql } from '../../gql';
import type { EnableMfaInput, Otp } from '../../gql/graphql';
import { fill, useWords } from '../../i18n';
import { Failure, Loading } from '../../ui/states';
import { ChooseFactor } from './ChooseFactor';
import { ConfirmMfa } from './ConfirmMfa';
import { SaveCodes } from './SaveCodes';
import { SetUpApp } from './SetUpApp';
import { StepHeadingContext } from './Step';
import './security.css';

const FactorsQuery = graphql(`
  query Factors {
    me {
      id
      ...FactorsUser
    }
  }
`);

const EnableMfaMutation = graphql(`
  mutation EnableMfa($input: EnableMfaInput!) {
    enableMfa(input: $input) {
      sentTo
      otp { secret uri qrCode }
      errors { message code field retryAfter }
    }
  }
`);

interface Pending {
  input: EnableMfaInput;
  sentTo: string | null;
  otp: Otp | null;
}

interface EnableMfaProps {
  /** The factor is enabled, and the user has saved the recovery codes. */
  onDone: () => void;
  /** Without it, the user cannot leave: two-step sign-in is required of them. */
  onCancel?: () => void;
}

export default function EnableMfa(props: EnableMfaProps) {
  return (
    <StepHeadingContext value={props.onCancel ? 'h3' : 'h2'}>
      <Steps {...props} />
    </StepHeadingContext>
  );
}

function Steps({ onDone, onCancel }: EnableMfaProps) {
  const { security: words } = useWords();
  const act = useAction();
  const [{ data, error }, readAgain] = useQuery({ query: FactorsQuery });
  const [pending, setPending] = useState<Pending | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);

  async function start(input: EnableMfaInput): Promise<readonly Problem[]> {
    const payload = await act(EnableMfaMutation, { input });
    const errors = errorsOf(payload);
    if (errors.length === 0) setPending({ input, sentTo: payload.sentTo, otp: payload.otp });
    return errors;
  }

  if (codes) return <SaveCodes codes={codes} onSaved={onDone} />;
  const cancel = onCancel ?? (() => setPending(null));
  if (pending?.otp) {
    return (
      <ConfirmMfa title={words.setUpApp} label={words.appCode} onConfirmed={setCodes} onCancel={cancel}>
        <SetUpApp otp={pending.otp} />
      </ConfirmMfa>
    );
  }
  if (pending) {
    const resend = () => start(pending.input);
    return (
      <ConfirmMfa title={words.checkMail} onConfirmed={setCodes} onCancel={cancel} onResend={resend}>
        <p>{fill(words.codeSent, { email: pending.sentTo ?? '' })}</p>
      </ConfirmMfa>
    );
  }
  if (data?.me) return <ChooseFactor user={data.me} onChosen={start} onCancel={onCancel} />;
  if (error) return <Failure error={error} onRetry={() => readAgain({ requestPolicy: 'network-only' })} />;
  return <Loading />;
}
