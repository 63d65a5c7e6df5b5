// The environment variables of the tests. A missing one fails the tests; it never skips them.

const MEANING = {
  USERPROFILE_URL: 'the address of a running server, such as http://127.0.0.1:8080',
  USERPROFILE_DOMAIN: 'the domain id to sign in with',
  USERPROFILE_USER: 'the user id to sign in with, of a user with a name, a workspace, and a workspace group',
  USERPROFILE_PASSWORD: "that user's password",
  TEST_DATABASE_URL: 'the URL of a PostgreSQL database for tests, whose tables the tests may create and fill',
};

/** The value of the variable. If it is not set, the error says what it should contain. */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name} to ${MEANING[name]}.`);
  return value;
}

/** The address of `path` on the server under test. */
export function address(path) {
  return new URL(path, required('USERPROFILE_URL')).href;
}
