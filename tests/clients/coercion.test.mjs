// The server accepts the same input as graphql-js: every value at every position, as a literal in the document or as a
// variable of every type.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildSchema, executeSync, parse, validate } from 'graphql';
import { address } from './environment.mjs';

const REFUSED = ['BAD_USER_INPUT', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];

/** Documents with `#` in place of the value, by type of that position. Input errors need no session. */
const POSITIONS = {
  Int: '{ me { workspaces(first: #) { totalCount } } }',
  String: '{ me { workspaces(filter: { nameContains: # }) { totalCount } } }',
  Boolean: '{ me { workspaces(filter: { isManaged: # }) { totalCount } } }',
  'Boolean!': '{ me @skip(if: #) { id } }',
  ID: '{ me { workspaces(workspaceGroupId: #) { totalCount } } }',
  'ID!': '{ node(id: #) { id } }',
  '[ID!]!': '{ nodes(ids: #) { id } }',
  'an item of [ID!]!': '{ nodes(ids: ["a", #]) { id } }',
  RoleType: '{ me { workspaces(filter: { roleType: # }) { totalCount } } }',
  WorkspaceFilter: '{ me { workspaces(filter: #) { totalCount } } }',
  'MfaType!': 'mutation { enableMfa(input: { mfaType: # }) { errors { code } } }',
  'EnableMfaInput!': 'mutation { enableMfa(input: #) { errors { code } } }',
  'String!': 'mutation { confirmEmail(input: { verifyCode: # }) { errors { code } } }',
  JSONObject: 'mutation { updateProfile(input: { tags: # }) { errors { code } } }',
  RefreshSessionInput: 'mutation { refreshSession(input: #) { errors { code } } }',
};

const LITERALS = [
  ...['null', '0', '2', '-2', '2.0', '2.5', '1e3', '2147483647', '2147483648', '-2147483648', '-2147483649'],
  ...['9007199254740993', '"2"', '""', '"text"', '"""block"""', 'true', 'false', '"true"'],
  ...['DOMAIN_ADMIN', 'domain_admin', 'NOTHING', '"DOMAIN_ADMIN"', 'OTP', '"OTP"', '"""OTP"""', '$undefined'],
  ...['[]', '[1]', '["a"]', '["a", null]', '[["a"]]', '[null]', '["a", 1]', '["a", 2.5]', '[true]', '[OTP]'],
  ...['{}', '{ nameContains: "a" }', '{ nameContains: 1 }', '{ nameContains: null }', '{ nameContains: a }'],
  ...['{ isManaged: true }', '{ isManaged: "true" }', '{ isManaged: 1 }', '{ roleType: DOMAIN_ADMIN }'],
  ...['{ roleType: "DOMAIN_ADMIN" }', '{ unknown: 1 }', '{ nameContains: "a", nameContains: "a" }', '[{}]'],
  ...['{ a: [{}] }'],
  ...['{ mfaType: OTP }', '{ mfaType: "OTP" }', '{ mfaType: null }', '{ mfaType: OTP, options: {} }'],
  ...['{ mfaType: OTP, options: null }', '{ mfaType: OTP, options: { email: 1 } }', '{ options: { email: "a" } }'],
  ...['{ mfaType: OTP, options: [{ email: "a" }] }', '{ refreshToken: 1 }', '{ refreshToken: "a" }'],
  ...['{ a: OTP, b: 2.5 }'],
];

/** As JSON text, because `2.0` and `2` are the same value in JavaScript. */
const VALUES = [
  ...['null', '0', '2', '2.0', '-0.0', '2.5', '1e3', '2147483647', '2147483648', '"2"', '""', '"text"', 'true'],
  ...['"true"'],
  ...['"DOMAIN_ADMIN"', '"domain_admin"', '"OTP"', '[]', '[1]', '[1.0]', '["a"]', '["a", null]', '[["a"]]'],
  ...['[null]', '[1.5]'],
  ...['{}', '{ "nameContains": "a" }', '{ "nameContains": 1 }', '{ "nameContains": null }', '{ "isManaged": 1 }'],
  ...['{ "roleType": "DOMAIN_ADMIN" }', '{ "roleType": "NOTHING" }', '{ "unknown": 1 }', '{ "mfaType": "OTP" }'],
  ...['{ "mfaType": null }', '{ "mfaType": "OTP", "options": { "email": "a" } }', '{ "mfaType": 1, "options": [] }'],
  ...['{ "refreshToken": 1 }', undefined],
];

const TYPES = [
  ...['Int', 'Int!', 'Float', 'String', 'String!', 'Boolean', 'Boolean!', 'ID', 'ID!', '[ID]', '[ID!]', '[ID!]!'],
  ...['[[ID!]!]!'],
  ...['RoleType', 'RoleType!', 'MfaType', 'MfaType!', 'WorkspaceFilter', 'WorkspaceFilter!', 'EnableMfaInput'],
  ...['EnableMfaInput!'],
  ...['JSONObject', 'JSONObject!', 'RefreshSessionInput', 'Unknown', 'User'],
];

/** Variables with default values, and the values that are sent for them. */
const DEFAULTS = [
  ...['Int = 2', 'Int! = 2', 'Int = 2.0', 'Int = "2"', 'Int = null', 'Int! = null', 'String = "a"', 'String = 1'],
  ...['String = a'],
  ...['Boolean = true', 'Boolean! = true', 'Boolean = 1', 'ID = 1', 'ID = "a"', 'ID = 1.5', 'ID = null'],
  ...['[ID!] = ["a"]', '[ID!] = "a"'],
  ...['[ID!]! = ["a", 1]', '[ID!] = [null]', 'RoleType = DOMAIN_ADMIN', 'RoleType = "DOMAIN_ADMIN"'],
  ...['RoleType = NOTHING'],
  ...['MfaType = OTP', 'MfaType = "OTP"', 'WorkspaceFilter = {}', 'WorkspaceFilter = { nameContains: 1 }'],
  ...['WorkspaceFilter = 1'],
  ...['EnableMfaInput = { mfaType: OTP }', 'EnableMfaInput = { mfaType: "OTP" }', 'EnableMfaInput = {}'],
  ...['JSONObject = { a: [1] }'],
];

const DOCUMENTS = [
  ...['{ __typename @unknown }', '{ __typename @skip }', '{ __typename @skip(if: "true") }'],
  ...['{ __typename @skip(if: true) }'],
  ...['{ t: __typename @include(if: true) @include(if: true) }', '{ __typename @include(unless: true) }'],
  ...['{ __typename(a: 1) }'],
  ...['{ __typename { a } }', '{ __typename @deprecated }', '{ me { id @unknown } }', '{ me { id(a: 1) } }'],
  ...['{ node { id } }'],
  ...['{ node(id: "a", id: "a") { id } }', '{ __type(name: 1) { name } }', '{ __type(name: User) { name } }'],
  ...['{ __schema { types { fields(includeDeprecated: "true") { name } } } }', '{ node(id: "a") { id ...F } }'],
  ...['{ ...F } fragment F on Query { node(id: 2.5) { id } }'],
  ...['{ ...F } fragment F on Query { node(id: $a) { id } }'],
  ...['"\\uD83D\\uDE00"', '"\\u{1F600}"', '"\\u{00000041}"', '"\\u0041\\n\\"\\\\\\/"', '"\\u{A}\\u{22}\\u{5C}"'],
  ...['"\\uD83D"'],
  ...['"\\uDE00"', '"\\uDE00\\uD83D"', '"\\uD83D\\u0041"', '"\\uD83D\\u{DE00}"', '"\\u{D83D}"', '"\\u{110000}"'],
  ...['"\\u{}"'],
  ...['"\\u{41"', '"\\u{4 1}"', '"\\u12"', '"\\u12G4"', '"\\x41"', '"\\U0041"', '"""\\uD83D \\x \\u{"""'],
  ...['"a" # \\u{'],
].map((text) => (text.startsWith('"') ? `{ node(id: ${text}\n) { id } }` : text));

const FRAGMENT = 'fragment F on Query { me { workspaces(first: $a) { totalCount } } }';

const VARIABLE_DOCUMENTS = [
  ['query ($a: Boolean!) { __typename @include(if: $a) }', ['{"a":true}', '{"a":1}', '{}']],
  ['query ($a: Boolean) { __typename @include(if: $a) }', ['{"a":true}', '{}']],
  ['query ($a: Boolean = true) { __typename @include(if: $a) }', ['{"a":true}', '{"a":null}', '{}']],
  ['query ($a: String) { __typename @include(if: $a) }', ['{"a":"true"}', '{}']],
  ['query ($a: Boolean!) { __typename }', ['{"a":true}']],
  ['query ($a: ID = "a") { node(id: $a) { id } nodes(ids: [$a]) { id } }', ['{}', '{"a":null}']],
  ['query ($a: ID = "a") { node(id: $a) { id } }', ['{}', '{"a":null}', '{"a":1}']],
  ['mutation ($a: MfaType!) { enableMfa(input: { mfaType: $a }) { errors { code } } }', ['{"a":"OTP"}', '{"a":null}']],
  ['mutation ($a: MfaType) { enableMfa(input: { mfaType: $a }) { errors { code } } }', ['{"a":"OTP"}', '{}']],
  ['mutation ($a: MfaType = OTP) { enableMfa(input: { mfaType: $a }) { errors { code } } }', ['{}', '{"a":null}']],
  ['mutation ($a: String) { updateProfile(input: { tags: { a: $a } }) { errors { code } } }', ['{"a":"b"}', '{}']],
  [`query A($a: Int) { ...F } ${FRAGMENT}`, ['{"a":2.0}', '{"a":"2"}']],
  [`query A($a: String) { ...F } ${FRAGMENT}`, ['{}']],
];

const schema = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'));
// A scalar built from SDL accepts any value; this one accepts objects only.
const json = schema.getType('JSONObject');
const parseLiteral = json.parseLiteral.bind(json);
json.parseValue = (value) => object(value);
json.parseLiteral = (node, variables) => object(parseLiteral(node, variables));

/** Resolvers that always succeed, so that every error is an input error. */
const workspaces = () => ({ totalCount: 0 });
const payload = () => ({ errors: [] });
const rootValue = {
  me: { id: 'user-1', workspaces },
  nodes: [],
  enableMfa: payload,
  confirmEmail: payload,
  updateProfile: payload,
  refreshSession: payload,
};

test('every literal at every position is accepted or refused as by graphql-js', async () => {
  const requests = Object.values(POSITIONS).flatMap((position) =>
    LITERALS.map((value) => ({ query: position.replace('#', value) })),
  );
  await compare(requests);
});

test('every variable at every position is accepted or refused as by graphql-js', async () => {
  const requests = Object.values(POSITIONS).flatMap((position) =>
    TYPES.flatMap((type) => VALUES.map((value) => withVariable(position, type, value))),
  );
  await compare(requests);
});

test('every default value at every position is accepted or refused as by graphql-js', async () => {
  const requests = Object.values(POSITIONS).flatMap((position) =>
    DEFAULTS.flatMap((type) => [undefined, 'null', '2.0'].map((value) => withVariable(position, type, value))),
  );
  await compare(requests);
});

test('directives, escapes, and other syntax are accepted or refused as by graphql-js', async () => {
  const given = VARIABLE_DOCUMENTS.flatMap(([query, values]) => values.map((variables) => ({ query, variables })));
  await compare([...DOCUMENTS.map((query) => ({ query })), ...given]);
});

function withVariable(position, type, value) {
  const operation = position.startsWith('mutation') ? position.slice('mutation '.length) : position;
  const kind = position.startsWith('mutation') ? 'mutation' : 'query';
  const query = `${kind} ($value: ${type}) ${operation.replace('#', '$value')}`;
  return { query, variables: value === undefined ? '{}' : `{ "value": ${value} }` };
}

/** Asserts that the server refuses the same requests as graphql-js. */
async function compare(requests) {
  const differences = [];
  for (let begin = 0; begin < requests.length; begin += 20) {
    const some = requests.slice(begin, begin + 20);
    const results = await Promise.all(some.map(ask));
    for (const [index, errors] of results.entries()) {
      const expected = refusals(some[index]);
      if (expected.length > 0 !== errors.length > 0) differences.push({ ...some[index], expected, errors });
    }
  }
  assert.deepEqual(differences, []);
}

/** The errors of graphql-js. */
function refusals({ query, variables = '{}' }) {
  try {
    const document = parse(query);
    const invalid = validate(schema, document);
    if (invalid.length > 0) return invalid.map(({ message }) => message);
    const variableValues = JSON.parse(variables);
    return (executeSync({ schema, document, rootValue, variableValues }).errors ?? []).map(({ message }) => message);
  } catch (error) {
    return [error.message];
  }
}

/** The server's errors, except UNAUTHENTICATED. */
async function ask({ query, variables = '{}' }) {
  const response = await fetch(address('/graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{ "query": ${JSON.stringify(query)}, "variables": ${variables} }`,
  });
  const { errors = [] } = await response.json();
  return errors.filter(({ extensions }) => REFUSED.includes(extensions.code)).map(({ message }) => message);
}

function object(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('this is no object');
  return value;
}
