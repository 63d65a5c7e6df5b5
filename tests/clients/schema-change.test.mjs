// Which changes of the schema break clients, and that scripts/check-schema rejects those.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { changesBetween } from './schema-change.mjs';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-schema', import.meta.url));

const RELEASED = `
  type Query {
    node(id: ID!, locale: String, old: Int @deprecated(reason: "of no use")): Node
    user: User
    gone: Old @deprecated(reason: "ask user")
    colour: Colour
    search(filter: Filter): [Found!]
  }
  interface Node { id: ID! }
  type User implements Node { id: ID! name: String! nick: String @deprecated(reason: "ask name") }
  type Robot implements Node { id: ID! }
  type Old { name: String }
  enum Colour { RED GREEN BLUE @deprecated(reason: "looks grey") }
  input Filter { name: String age: Int @deprecated(reason: "never known") }
  union Found = User | Robot
`;

// A change, the text that it replaces, the replacement, and the worst level that is reported.
const CASES = [
  ['a field is removed', 'user: User', '', 'breaking'],
  ['a deprecated field is removed', 'nick: String @deprecated(reason: "ask name")', '', 'dangerous'],
  ['a field may become null', 'name: String!', 'name: String', 'breaking'],
  ['a field is added', 'user: User', 'user: User me: User', 'harmless'],
  ['a field is deprecated', 'user: User', 'user: User @deprecated(reason: "ask node")', 'harmless'],
  ['a nullable argument becomes required', 'locale: String', 'locale: String!', 'breaking'],
  ['an argument is removed', 'locale: String, ', '', 'breaking'],
  ['a deprecated argument is removed', ', old: Int @deprecated(reason: "of no use")', '', 'dangerous'],
  ['a required argument is added', 'locale: String', 'locale: String, as: Colour!', 'breaking'],
  ['a nullable argument is added', 'locale: String', 'locale: String, as: Colour', 'dangerous'],
  ['an argument of a deprecated field is added', 'gone: Old', 'gone(of: ID!): Old', 'dangerous'],
  ['an enum value is removed', 'GREEN ', '', 'breaking'],
  ['a deprecated enum value is removed', 'BLUE @deprecated(reason: "looks grey")', '', 'dangerous'],
  ['an enum value is added', 'GREEN', 'GREEN YELLOW', 'dangerous'],
  ['a field of an input is removed', 'name: String age', 'age', 'breaking'],
  ['a deprecated field of an input is removed', 'age: Int @deprecated(reason: "never known")', '', 'dangerous'],
  ['a member of a union is removed', '| Robot', '', 'breaking'],
  ['an interface is removed from a type', 'Robot implements Node', 'Robot', 'breaking'],
  ['a type is added', 'enum', 'type New { id: ID! } enum', 'harmless'],
  ['a type changes that only deprecated fields return', 'Old { name: String }', 'Old { age: Int }', 'dangerous'],
  ['a description is added', 'user: User', '"The user." user: User', undefined],
];

describe('Changes of the schema', () => {
  for (const [what, old, instead, worst] of CASES) {
    test(`${what}: ${worst ?? 'not reported'}`, async () => {
      const changed = RELEASED.replace(old, instead);
      assert.notEqual(changed, RELEASED);
      const changes = await changesBetween(RELEASED, changed);
      assert.equal(changes[0]?.level, worst, JSON.stringify(changes));
    });
  }

  test('removing a type that fragments may refer to is breaking', async () => {
    const robot = 'type Robot implements Node { id: ID! }';
    const schema = `type Query { node: Node } interface Node { id: ID! } ${robot}`;
    assert.deepEqual(await changesBetween(schema, schema.replace(robot, '')), [
      { level: 'breaking', message: "Type 'Robot' was removed" },
    ]);
  });

  test('removing a type together with the deprecated field that returned it is dangerous', async () => {
    const schema = RELEASED.replace(/gone: .*/, '').replace(/type Old .*/, '');
    const levels = (await changesBetween(RELEASED, schema)).map(({ level }) => level);
    assert.deepEqual(levels, ['dangerous', 'dangerous']);
  });

  test('a breaking change is reported beside a harmless one of the same type', async () => {
    const [first] = await changesBetween(
      'type Query { user: User } interface Node { id: ID } type User { id: ID name: String }',
      'type Query { user: User } interface Node { id: ID } type User implements Node { id: ID }',
    );
    assert.deepEqual(first, { level: 'breaking', message: "Field 'name' was removed from object type 'User'" });
  });
});

describe('scripts/check-schema', () => {
  let clone;
  before(async () => {
    clone = await mkdtemp(join(tmpdir(), 'check-schema-'));
    await git('init', '--quiet');
    await commit(RELEASED.replace('user: User', ''));
  });
  after(() => rm(clone, { recursive: true }));

  test('passes with a message if there is no release', async () => {
    const { status, output } = await checkSchema();
    assert.match(output, /no release to compare with/);
    assert.equal(status, 0);
  });

  test('passes if no change since the last tag is breaking', async () => {
    await git('tag', 'v0.1.0');
    await commit(RELEASED);
    await git('tag', 'v0.2.0');
    await write(RELEASED.replace('user: User', 'user: User me: User').replace('GREEN', 'GREEN YELLOW'));
    const { status, output } = await checkSchema();
    assert.equal(
      output,
      "schema.graphql since v0.2.0:\ndangerous  Enum value 'YELLOW' was added to enum 'Colour'\n" +
        "harmless   Field 'me' was added to object type 'Query'\n",
    );
    assert.equal(status, 0);
  });

  test('fails on a breaking change, committed or not', async () => {
    const broken = RELEASED.replace('user: User', '');
    await write(broken);
    const { status, output } = await checkSchema();
    assert.match(output, /^breaking   Field 'user' was removed from object type 'Query'$/m);
    assert.equal(status, 1);
    await commit(broken);
    assert.deepEqual(await checkSchema(), { status, output });
  });

  test('finds the last release in a shallow clone', async () => {
    const shallow = join(clone, 'shallow');
    await git('clone', '--quiet', '--depth', '1', `file://${clone}`, shallow);
    const { status, output } = await checkSchema(shallow);
    assert.match(output, /^schema.graphql since v0.2.0:$/m);
    assert.equal(status, 1);
  });

  test('fails with a message outside of a clone', async () => {
    const { status, output } = await checkSchema('/');
    assert.match(output, /is not a git clone/);
    assert.equal(status, 1);
  });

  function git(...args) {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgSign=false'];
    return run('git', ['-C', clone, ...identity, ...args]).then(({ status, output }) => assert.equal(status, 0, output));
  }

  function write(schema) {
    return writeFile(join(clone, 'schema.graphql'), schema);
  }

  async function commit(schema) {
    await write(schema);
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'The schema');
  }

  function checkSchema(where = clone) {
    return run(SCRIPT, [where]);
  }
});

/** Runs a program, and returns its exit status, and its output and errors. */
function run(file, args) {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => resolve({ status: error?.code ?? 0, output: stdout + stderr }));
  });
}
