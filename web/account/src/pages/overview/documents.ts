// What the overview shows.

import { graphql } from '../../gql';
import type { OverviewQuery as OverviewData } from '../../gql/graphql';

// The lists of workspaces and groups are empty: only their numbers are shown.
export const OverviewQuery = graphql(`
  query Overview {
    me {
      id
      userId
      name
      email
      emailVerified
      pendingEmail
      authType
      mfa { state recoveryCodesLeft }
      passkeys { id }
      workspaces(first: 0) { totalCount }
      workspaceGroups(first: 0) { totalCount }
      securityEvents(first: 5) {
        nodes { id type createdAt device }
      }
    }
  }
`);

export type Me = NonNullable<OverviewData['me']>;
