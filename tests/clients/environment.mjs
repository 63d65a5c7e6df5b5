// What the tests are told from outside, by environment variables. A missing one is a failure, never a reason to skip.

const MEANING = {
  USERPROFILE_URL: 'the address of a running server, such as http://127.0.0.1:8080',
  USERPROFILE_DOMAIN: 'the domain id to sign in with',
  USERPROFILE_USER: 'the user id to sign in with; a user who has a name, a workspace and a workspace group',
  USERPROFILE_PASSWORD: "that user's password",
};

/** The value of that variable; throws, saying what it should hold, where it is not set. */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name} to ${MEANING[name]}.`);
  return value;
}

/** The address of `path` on the server under test. */
export function address(path) {
  return new URL(path, required('USERPROFILE_URL')).href;
}
