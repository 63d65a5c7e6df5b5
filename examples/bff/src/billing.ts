// The sample billing service: what each workspace costs. It has no users; UserProfile decides who may see an invoice.

import { createHash } from 'node:crypto';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { Context } from './context.js';

const MONTHS = ['2026-09', '2026-10'];

const typeDefs = /* GraphQL */ `
  type Query {
    "The invoice with this id. Null if it does not exist, or if the caller cannot see its workspace."
    invoice(id: ID!): Invoice
    "The invoices with these ids, at most 100, in the same order. Null for those that are not visible or do not exist."
    invoices(ids: [ID!]!): [Invoice]!
    "For the gateway only, which passes ids of workspaces that UserProfile returned."
    _workspaces(ids: [ID!]!): [Workspace!]!
  }

  type Workspace {
    id: ID!
    "The cost of the last month."
    monthlyCost: Money!
    "One invoice per month, latest first."
    invoices: [Invoice!]!
  }

  "The cost of a workspace in one month."
  type Invoice {
    id: ID!
    "The month, such as 2026-10."
    month: String!
    total: Money!
    workspace: Workspace!
  }

  type Money {
    cents: Int!
    "The ISO 4217 code, such as EUR."
    currency: String!
  }
`;

interface Invoice {
  id: string;
  month: string;
  total: Money;
  workspace: { id: string };
}

interface Money {
  cents: number;
  currency: string;
}

const resolvers = {
  Query: {
    invoice: async (_: unknown, { id }: { id: string }, context: Context) => (await visibleInvoices([id], context))[0],
    invoices: (_: unknown, { ids }: { ids: string[] }, context: Context) => visibleInvoices(ids, context),
    _workspaces: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })),
  },
  Workspace: {
    monthlyCost: ({ id }: { id: string }) => invoicesOf(id)[0]?.total,
    invoices: ({ id }: { id: string }) => invoicesOf(id),
  },
};

export const billing = {
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  merge: {
    Workspace: {
      selectionSet: '{ id }',
      fieldName: '_workspaces',
      key: ({ id }: { id: string }) => id,
      argsFromKeys: (ids: readonly string[]) => ({ ids }),
    },
  },
};

/** The invoices with these ids, except those whose workspace the caller cannot see. */
async function visibleInvoices(ids: string[], { visible }: Context) {
  const invoices = ids.map(invoiceWith);
  const workspaces = await visible(invoices.flatMap((invoice) => invoice?.workspace.id ?? []));
  return invoices.map((invoice) => (invoice && workspaces.has(invoice.workspace.id) ? invoice : null));
}

// The following replaces a database ----------------------------------------------------------------------------------

function invoicesOf(workspaceId: string): Invoice[] {
  return MONTHS.map((month) => ({
    id: `invoice-${month}-${workspaceId}`,
    month,
    total: { cents: centsOf(month + workspaceId), currency: 'EUR' },
    workspace: { id: workspaceId },
  })).reverse();
}

function invoiceWith(id: string): Invoice | undefined {
  const [, workspaceId] = /^invoice-\d{4}-\d{2}-(.+)$/.exec(id) ?? [];
  return workspaceId === undefined ? undefined : invoicesOf(workspaceId).find((invoice) => invoice.id === id);
}

/** Between 10 and 1000 euros, always the same for the same text. */
function centsOf(text: string): number {
  return 1_000 + (createHash('sha256').update(text).digest().readUInt32BE() % 99_000);
}
