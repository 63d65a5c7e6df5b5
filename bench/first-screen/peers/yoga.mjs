// GraphQL Yoga on Node.js: hand-written resolvers and statements, with DataLoader. Prints its port.
//
// usage: node yoga.mjs DATABASE_URL
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga } from 'graphql-yoga';
import { GraphQLError } from 'graphql';
import pg from 'pg';
import { findCaller } from './caller.mjs';
import * as statements from './statements.mjs';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

const typeDefs = /* GraphQL */ `
  type Query {
    me: User
  }
  type User {
    id: ID!
    userId: String!
    name: String
    email: String
    emailVerified: Boolean!
    language: String!
    timezone: String!
    state: String!
    domain: Domain!
    mfa: Mfa!
    requiredActions: [String!]!
    workspaces(first: Int): WorkspaceConnection!
    workspaceGroups(first: Int): WorkspaceGroupConnection!
  }
  type Domain {
    id: ID!
    name: String!
  }
  type Mfa {
    state: String!
  }
  type WorkspaceConnection {
    nodes: [Workspace!]!
    edges: [WorkspaceEdge!]!
    pageInfo: PageInfo!
  }
  type WorkspaceEdge {
    cursor: String!
    node: Workspace!
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
  type Workspace {
    id: ID!
    name: String!
    state: String!
    roleId: String
    roleType: String
    roleName: String
    isManaged: Boolean!
    isDormant: Boolean!
    workspaceGroup: WorkspaceGroup
  }
  type WorkspaceGroupConnection {
    nodes: [WorkspaceGroup!]!
  }
  type WorkspaceGroup {
    id: ID!
    name: String!
    users: [WorkspaceGroupUser!]!
  }
  type WorkspaceGroupUser {
    userId: String!
    userName: String
    roleType: String
    state: String
  }
`;

const resolvers = {
  Query: {
    me: (_, __, { caller }) => {
      if (!caller) throw new GraphQLError('sign in first', { extensions: { code: 'UNAUTHENTICATED' } });
      return caller;
    },
  },
  User: {
    userId: (user) => user.user_id,
    emailVerified: (user) => user.email_verified,
    domain: (user) => ({ id: user.domain_id, name: user.domain_name }),
    mfa: (user) => ({ state: user.mfa_state }),
    requiredActions: (user) => user.required_actions.split(',').filter(Boolean),
    workspaces: async (user, { first }, { pool }) => {
      const size = pageSize(first);
      const { rows } = await pool.query(statements.workspaces(user, size + 1));
      return { nodes: rows.slice(0, size), hasNextPage: rows.length > size };
    },
    workspaceGroups: async (user, { first }, { pool }) => {
      const { rows } = await pool.query(statements.groups(user, pageSize(first)));
      return { nodes: rows };
    },
  },
  WorkspaceConnection: {
    edges: ({ nodes }) => nodes.map((node) => ({ cursor: cursor(node), node })),
    pageInfo: ({ nodes, hasNextPage }) => ({ hasNextPage, endCursor: nodes.length > 0 ? cursor(nodes.at(-1)) : null }),
  },
  Workspace: {
    workspaceGroup: ({ groupId }, _, { groups }) => groupId && groups.load(groupId),
  },
  WorkspaceGroup: {
    users: ({ id }, _, { usersOfGroups }) => usersOfGroups.load(id),
  },
};

// PostgreSQL would otherwise plan the list of workspaces again for each request: 10 % more time.
const options = '-c plan_cache_mode=force_generic_plan';
const pool = new pg.Pool({ connectionString: process.argv[2], max: 10, options });
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: async ({ request }) => {
    const caller = await findCaller(pool, request.headers.get('authorization'));
    return { pool, caller, groups: groupLoader(caller), usersOfGroups: userLoader() };
  },
  graphiql: false,
  landingPage: false,
  logging: false,
});
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

function groupLoader(caller) {
  return new DataLoader(async (ids) => {
    const { rows } = await pool.query(statements.groupsById(caller, ids));
    const byId = new Map(rows.map((group) => [group.id, group]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}

function userLoader() {
  return new DataLoader(async (ids) => {
    const { rows } = await pool.query(statements.usersOfGroups(ids));
    const byGroup = new Map(ids.map((id) => [id, []]));
    for (const user of rows) byGroup.get(user.groupId).push(user);
    return ids.map((id) => byGroup.get(id));
  });
}

function pageSize(first) {
  const size = first ?? DEFAULT_PAGE;
  if (size < 0 || size > MAX_PAGE) throw new GraphQLError(`\`first\` must be from 0 to ${MAX_PAGE}`);
  return size;
}

function cursor({ name, id }) {
  return Buffer.from(JSON.stringify(['w', name, id])).toString('base64url');
}
