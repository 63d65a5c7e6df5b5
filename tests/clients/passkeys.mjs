// What a page does with passkeys, and Chromium's virtual authenticator.

/** Adds an authenticator to the page: it has passkeys, verifies the user, and asks nothing. */
export async function addAuthenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const send = (method, given) => devtools.send(`WebAuthn.${method}`, { authenticatorId, ...given });
  return {
    /** Makes its responses faulty, or right again. */
    override: (faults) => send('setResponseOverrideBits', faults),
    /** Its only credential, with its private key and signature counter. */
    credential: async () => (await send('getCredentials')).credentials[0],
    /** Replaces its credential. */
    replace: async (credential) => {
      await send('removeCredential', { credentialId: credential.credentialId });
      await send('addCredential', { credential });
    },
  };
}

/** The requests of a page that signs in with a password, and then uses passkeys. */
export class Passkeys {
  #page;
  #token;

  constructor(page) {
    this.#page = page;
  }

  async signInWithPassword(credentials) {
    const { session } = await this.mutate('signIn', credentials, 'session { accessToken }');
    this.#token = session.accessToken;
  }

  /** Sends a request from the page. */
  ask(query, variables = {}, token = this.#token) {
    return this.#page.evaluate(
      async ([body, token]) => {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
        const response = await fetch('graphql', { method: 'POST', headers, body, credentials: 'omit' });
        return response.json();
      },
      [JSON.stringify({ query, variables }), token],
    );
  }

  /** Executes a mutation, and returns its payload. */
  async mutate(name, input, fields, token = this.#token) {
    const [parameter, argument] = input
      ? [`($input: ${name[0].toUpperCase()}${name.slice(1)}Input!)`, '(input: $input)']
      : ['', ''];
    const query = `mutation ${parameter} { ${name}${argument} { ${fields} errors { code message } } }`;
    const { data, errors } = await this.ask(query, { input }, token);
    if (errors) throw new Error(JSON.stringify(errors));
    return data[name];
  }

  async whoAmI(token) {
    return (await this.ask('{ me { userId } }', {}, token)).data.me.userId;
  }

  async add(name) {
    const { options } = await this.mutate('addPasskey', null, 'options');
    const credential = await this.#page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      return (await navigator.credentials.create({ publicKey })).toJSON();
    }, options);
    return this.mutate('confirmPasskey', { credential, name }, 'passkey { id name transports }');
  }

  /** The response of the authenticator to these options. */
  get(options) {
    return this.#page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
      return (await navigator.credentials.get({ publicKey })).toJSON();
    }, options);
  }

  /** Signs in, without the session of the page. */
  async signIn(input) {
    const { challenge } = await this.mutate('startPasskeySignIn', input, 'challenge { token options }', null);
    const credential = await this.get(challenge.options);
    const answer = { challengeToken: challenge.token, credential };
    return this.mutate('confirmPasskeySignIn', answer, 'session { accessToken }', null);
  }

  async reauthenticate(input) {
    const { challenge } = await this.mutate('startPasskeySignIn', input, 'challenge { token options }');
    const credential = await this.get(challenge.options);
    return this.mutate('reauthenticate', { challengeToken: challenge.token, credential }, 'user { userId }');
  }
}
