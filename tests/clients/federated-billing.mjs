// A sample billing subgraph. It adds fields to UserProfile's entities, and has entities that refer to those.

import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

const typeDefs = parse(/* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])

  type Query {
    invoices(ids: [ID!]!): [Invoice]!
  }

  type Invoice @key(fields: "id") {
    id: ID!
    payer: User
    workspace: Workspace
    workspaceGroup: WorkspaceGroup
  }

  type User @key(fields: "id") {
    id: ID!
    invoices(first: Int): InvoiceConnection!
  }

  type Workspace @key(fields: "id") {
    id: ID!
    monthlyCost: Int!
  }

  type WorkspaceGroup @key(fields: "id") {
    id: ID!
    monthlyCost: Int!
  }

  type InvoiceConnection {
    nodes: [Invoice!]!
    pageInfo: PageInfo!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
`);

/** The executable schema, with these invoices: `{ id, payer, workspace, workspaceGroup }`, where all values are ids. */
export function makeBilling(invoices) {
  const shown = ({ id, payer, workspace, workspaceGroup }) => ({
    id,
    payer: reference(payer),
    workspace: reference(workspace),
    workspaceGroup: reference(workspaceGroup),
  });
  const invoiceWith = (id) => invoices.filter((invoice) => invoice.id === id).map(shown)[0];
  const resolvers = {
    Query: { invoices: (_, { ids }) => ids.map(invoiceWith) },
    Invoice: { __resolveReference: ({ id }) => invoiceWith(id) },
    User: {
      invoices: ({ id }) => ({
        nodes: invoices.filter(({ payer }) => payer === id).map(shown),
        pageInfo: { hasNextPage: false, hasPreviousPage: false },
      }),
    },
    Workspace: { monthlyCost: ({ id }) => id.length },
    WorkspaceGroup: { monthlyCost: ({ id }) => id.length },
  };
  return buildSubgraphSchema({ typeDefs, resolvers });
}

function reference(id) {
  return id && { id };
}
