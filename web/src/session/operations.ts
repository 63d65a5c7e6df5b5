// The API operations of the sign-in box, one function for each, with the types of the responses.

import { execute, RequestFailed } from './graphql';

export interface SessionTokens {
  accessToken: string;
  refreshToken: string;
  /** RFC 3339, in UTC. */
  expiresAt: string;
}

export interface MfaChallenge {
  token: string;
  mfaType: 'EMAIL' | 'OTP';
  /** The masked address that the code was sent to; null if none was sent. */
  sentTo: string | null;
  expiresAt: string;
}

export interface UserError {
  message: string;
  code: string;
  /** The invalid input; null if the error is not about a particular input. */
  field?: string | null;
  /** Seconds to wait; null if waiting does not help. */
  retryAfter?: number | null;
}

export interface Person {
  name: string | null;
  userId: string;
  /** The id of an entity that the user can see: a workspace, otherwise the user. */
  sampleId: string | null;
}

export interface Credentials {
  /** May be omitted if the server has only one domain. */
  domainId: string | null;
  userId: string;
  password: string;
}

interface SignedIn {
  session: SessionTokens | null;
  errors: UserError[];
}

const SIGN_IN = /* GraphQL */ `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      session { accessToken refreshToken expiresAt }
      mfaChallenge { token mfaType sentTo expiresAt }
      errors { message code field retryAfter }
    }
  }`;

export async function signIn(input: Credentials): Promise<SignedIn & { mfaChallenge: MfaChallenge | null }> {
  const data = await execute<{ signIn: SignedIn & { mfaChallenge: MfaChallenge | null } }>(SIGN_IN, { input });
  return data.signIn;
}

const CONFIRM_SIGN_IN = /* GraphQL */ `
  mutation ConfirmSignIn($input: ConfirmSignInInput!) {
    confirmSignIn(input: $input) {
      session { accessToken refreshToken expiresAt }
      errors { message code field retryAfter }
    }
  }`;

export async function confirmSignIn(challengeToken: string, verifyCode: string): Promise<SignedIn> {
  const data = await execute<{ confirmSignIn: SignedIn }>(CONFIRM_SIGN_IN, { input: { challengeToken, verifyCode } });
  return data.confirmSignIn;
}

export interface PasskeyChallenge {
  token: string;
  options: PublicKeyCredentialRequestOptionsJSON;
}

interface PasskeyStarted {
  challenge: PasskeyChallenge | null;
  errors: UserError[];
}

const START_PASSKEY_SIGN_IN = /* GraphQL */ `
  mutation StartPasskeySignIn {
    startPasskeySignIn {
      challenge { token options }
      errors { message code field retryAfter }
    }
  }`;

export async function startPasskeySignIn(): Promise<PasskeyStarted> {
  const data = await execute<{ startPasskeySignIn: PasskeyStarted }>(START_PASSKEY_SIGN_IN, {});
  return data.startPasskeySignIn;
}

const CONFIRM_PASSKEY_SIGN_IN = /* GraphQL */ `
  mutation ConfirmPasskeySignIn($input: ConfirmPasskeySignInInput!) {
    confirmPasskeySignIn(input: $input) {
      session { accessToken refreshToken expiresAt }
      errors { message code field retryAfter }
    }
  }`;

export async function confirmPasskeySignIn(challengeToken: string, credential: unknown): Promise<SignedIn> {
  const input = { challengeToken, credential };
  const data = await execute<{ confirmPasskeySignIn: SignedIn }>(CONFIRM_PASSKEY_SIGN_IN, { input });
  return data.confirmPasskeySignIn;
}

const REFRESH_SESSION = /* GraphQL */ `
  mutation RefreshSession($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      session { accessToken refreshToken expiresAt }
      errors { message code }
    }
  }`;

export async function refreshSession(refreshToken: string): Promise<SignedIn> {
  const data = await execute<{ refreshSession: SignedIn }>(REFRESH_SESSION, { input: { refreshToken } });
  return data.refreshSession;
}

const SIGN_OUT = /* GraphQL */ `
  mutation SignOut {
    signOut { ok }
  }`;

export async function signOut(accessToken: string): Promise<void> {
  await execute(SIGN_OUT, {}, accessToken);
}

const WHO_AM_I = /* GraphQL */ `
  query WhoAmI {
    me {
      id
      name
      userId
      workspaces(first: 1) { nodes { id } }
    }
  }`;

interface Me {
  id: string;
  name: string | null;
  userId: string;
  workspaces: { nodes: { id: string }[] };
}

export async function whoAmI(accessToken: string): Promise<Person> {
  const { me } = await execute<{ me: Me }>(WHO_AM_I, {}, accessToken);
  return { name: me.name, userId: me.userId, sampleId: me.workspaces.nodes[0]?.id ?? me.id };
}

/** Whether the access token caused the failure: it has expired, or its session has ended. */
export function isRefusedToken(failure: unknown): boolean {
  return failure instanceof RequestFailed && failure.code === 'UNAUTHENTICATED';
}
