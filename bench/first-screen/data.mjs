// The data of the benchmark, as an import file: one domain whose users each have 10 workspaces and 3 groups of 5 users.
// For 1,000 users, that is 600 groups, 1,600 workspaces, and 10,300 role bindings.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const DOMAIN = 'domain-bench';
export const PASSWORD = 'paper-lantern';
export const ADMIN = 'admin@bee.example';

const GROUPS_PER_USER = 3;
const GROUP_SIZE = 5;
// Coprime with every multiple of 5 that contains neither factor, so that each spreads the users over other groups.
const STEPS = [1, 7, 13];
const TEAMS = ['Cloud Platform', 'Greenhouses', 'Field Service'];
const NAMES = ['Wonny Kim', 'Mei Tan', 'Carlos Mendes', 'Minho Park', 'Hana Sato', 'Felix Hartmann', 'Rosa Delgado'];
const AREAS = ['Billing', 'Customer Portal', 'Fleet API Production', 'Data Warehouse', 'Order Pipeline', 'Search'];

/** The login name of a user by number. */
export const userId = (number) => `user-${number}@bee.example`;

/** The numbers of the users that sign in, spread over all users. Only they have a password, because hashing is slow. */
export function signingIn(users, count) {
  return Array.from({ length: count }, (_, number) => (Math.floor((number * users) / count) + number) % users);
}

/** Writes the import file. `extraWorkspaces` are visible only to the admin. */
export async function writeData(path, users, signingInCount, extraWorkspaces = 0) {
  if (users % GROUP_SIZE !== 0 || STEPS.some((step) => step > 1 && users % step === 0)) {
    throw new Error('the number of users must be a multiple of 5, and of neither 7 nor 13');
  }
  const out = createWriteStream(path);
  for (const value of lines(users, new Set(signingIn(users, signingInCount)), extraWorkspaces)) {
    if (!out.write(`${JSON.stringify({ domain_id: DOMAIN, ...value })}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

function* lines(users, withPassword, extraWorkspaces) {
  yield { kind: 'domain', name: 'Bee Robotics' };
  yield { kind: 'role', role_id: 'managed-owner', name: 'Workspace Owner', role_type: 'WORKSPACE_OWNER' };
  yield { kind: 'role', role_id: 'managed-member', name: 'Workspace Member', role_type: 'WORKSPACE_MEMBER' };
  yield { kind: 'user', user_id: ADMIN, password: PASSWORD, name: 'Admin', role_type: 'DOMAIN_ADMIN' };
  const groupsOfKind = users / GROUP_SIZE;
  const shared = groupsOfKind * 2;
  for (let user = 0; user < users; user++) {
    yield userLine(user, withPassword.has(user));
    for (let kind = 0; kind < GROUPS_PER_USER; kind++) {
      const group = kind * groupsOfKind + groupIndex(user, kind, users);
      yield binding(user, `${kind}a`, workspaceOf(group, 0), roleOf(user, kind), groupId(group));
      yield binding(user, `${kind}b`, workspaceOf(group, 1), roleOf(user, kind), groupId(group));
    }
    for (let number = 0; number < 4; number++) {
      yield binding(user, `d${number}`, sharedWorkspace((user * 4 + number) % shared), roleOf(user, number));
    }
    // Some users have two roles in a workspace, of which the first in precedence counts, and some have a role in a
    // workspace that is not visible.
    if (user % 10 < 2) yield binding(user, 'two', workspaceOf(groupIndex(user, 0, users), 0), 'OWNER');
    if (user % 10 === 2) yield binding(user, 'off', 'workspace-disabled', 'OWNER');
  }
  for (let kind = 0; kind < GROUPS_PER_USER; kind++) {
    const members = Array.from({ length: groupsOfKind }, () => []);
    for (let user = 0; user < users; user++) members[groupIndex(user, kind, users)].push(user);
    for (const [index, numbers] of members.entries()) yield* groupLines(kind * groupsOfKind + index, kind, numbers);
  }
  for (let number = 0; number < shared; number++) {
    // Every fourth belongs to a group that most of its users cannot see.
    const workspace_group_id = number % 4 === 0 ? groupId(number) : undefined;
    const name = workspaceName(number, 'Shared');
    yield { kind: 'workspace', workspace_id: sharedWorkspace(number), name, workspace_group_id };
  }
  yield { kind: 'workspace', workspace_id: 'workspace-disabled', name: 'Disabled', state: 'DISABLED' };
  for (let number = 0; number < extraWorkspaces; number++) {
    yield { kind: 'workspace', workspace_id: `workspace-extra-${number}`, name: workspaceName(number, 'Extra') };
  }
}

function userLine(user, hasPassword) {
  const person = NAMES[user % NAMES.length];
  return {
    kind: 'user',
    id: `user-${hexadecimal(user)}`,
    user_id: userId(user),
    password: hasPassword ? PASSWORD : undefined,
    name: user % 50 === 7 ? undefined : `${person} ${user}`,
    email: userId(user),
    email_verified: user % 3 !== 0,
    language: user % 2 === 0 ? 'en' : 'ko',
    timezone: user % 2 === 0 ? 'Europe/Berlin' : 'Asia/Seoul',
  };
}

function* groupLines(group, kind, numbers) {
  const users = numbers.map((user) => groupUser(userId(user), roleOf(user, kind)));
  // A user who no longer exists.
  if (group % 20 === 0) users.push(groupUser('former@bee.example', 'MEMBER'));
  yield { kind: 'workspace_group', workspace_group_id: groupId(group), name: `${TEAMS[kind]} ${group}`, users };
  for (const which of [0, 1]) {
    const flags = { is_managed: group % 2 === 0, is_dormant: which === 1 && group % 5 === 0 };
    const name = workspaceName(group, which === 0 ? 'Production' : 'Staging');
    const place = { workspace_id: workspaceOf(group, which), workspace_group_id: groupId(group) };
    yield { kind: 'workspace', name, ...place, ...flags };
  }
}

const groupIndex = (user, kind, users) => Math.floor(((user * STEPS[kind]) % users) / GROUP_SIZE);
const groupId = (group) => `wg-${hexadecimal(group)}`;
const workspaceOf = (group, which) => `workspace-${hexadecimal(group * 2 + which)}`;
const sharedWorkspace = (number) => `workspace-5${hexadecimal(number).slice(1)}`;
const workspaceName = (number, kind) => `${AREAS[number % AREAS.length]} ${kind} ${number}`;
const roleOf = (user, number) => ((user + number) % 3 === 0 ? 'OWNER' : 'MEMBER');
const hexadecimal = (number) => number.toString(16).padStart(12, '0');

const role = (name) => ({ role_id: `managed-${name.toLowerCase()}`, role_type: `WORKSPACE_${name}` });
const groupUser = (user_id, name) => ({ user_id, ...role(name) });

function binding(user, suffix, workspace_id, roleName, workspace_group_id) {
  const subject = { role_binding_id: `rb-${user}-${suffix}`, user_id: userId(user), ...role(roleName) };
  return { kind: 'role_binding', ...subject, resource_group: 'WORKSPACE', workspace_id, workspace_group_id };
}
