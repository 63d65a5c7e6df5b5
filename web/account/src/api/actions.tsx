// Mutations as actions of the user: with step-up authentication when the server requires it, and with a new sign-in when
// the session has ended meanwhile. Then the mutation is repeated, so that nothing the user typed is lost.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { createContext, use, useCallback } from 'react';
import { useClient, type CombinedError } from 'urql';
import { accountChanged, isSignedIn } from './session';

/** Why an action was refused or failed: an error of the payload, or one of the whole request. */
export interface Problem {
  /** The error code, for which the console has a sentence. */
  code: string;
  /** The server's sentence, in English. */
  message: string;
  field?: string | null;
  attemptsLeft?: number | null;
  retryAfter?: number | null;
}

/** The action did not reach the server, or failed there, or the user cancelled a dialog that it needed. */
export class ActionFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** What an action may need from the user; each resolves to whether they gave it. */
export interface Dialogs {
  /** Verifies the user again in this session. */
  stepUp: () => Promise<boolean>;
  /** Signs the user in again, because the session has ended. */
  signInAgain: () => Promise<boolean>;
}

export const DialogsContext = createContext<Dialogs>({
  stepUp: () => Promise.resolve(false),
  signInAgain: () => Promise.resolve(false),
});

type Payload<Data> = NonNullable<Exclude<Data[keyof Data], string | undefined>>;

/** Executes mutations of one field, and returns the payload of that field. Throws `ActionFailed`. */
export function useAction() {
  const client = useClient();
  const dialogs = use(DialogsContext);
  return useCallback(
    async <Data extends object, Variables extends object>(
      document: TypedDocumentNode<Data, Variables>,
      variables: Variables,
    ): Promise<Payload<Data>> => {
      for (;;) {
        const { data, error } = await client.mutation(document, variables as never).toPromise();
        if (error) {
          if (isUnauthenticated(error) && (await dialogs.signInAgain())) continue;
          throw new ActionFailed(problemOf(error));
        }
        const payload = payloadOf(data as Data);
        const codes = errorsOf(payload).map(({ code }) => code);
        if (codes.includes('REAUTHENTICATION_REQUIRED')) {
          if (await dialogs.stepUp()) continue;
          throw new ActionFailed({ code: 'CANCELLED', message: 'Nothing was changed.' });
        }
        if (codes.length === 0 && isSignedIn()) accountChanged();
        return payload;
      }
    },
    [client, dialogs],
  );
}

/** The errors of a payload. */
export function errorsOf(payload: object): readonly Problem[] {
  return 'errors' in payload ? (payload.errors as Problem[]) : [];
}

export function isUnauthenticated(error: CombinedError): boolean {
  return error.graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');
}

/** What a failed request is shown as. */
export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  if (!first) return { code: 'UNREACHABLE', message: error.message };
  const code = first.extensions['code'];
  return { code: typeof code === 'string' ? code : 'FAILED', message: first.message };
}

function payloadOf<Data extends object>(data: Data): Payload<Data> {
  const payload = Object.entries(data).find(([name]) => name !== '__typename')?.[1] as Payload<Data> | null | undefined;
  if (!payload) throw new ActionFailed({ code: 'FAILED', message: 'The server returned no data.' });
  return payload;
}
