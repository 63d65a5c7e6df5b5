import { graphql } from '../../gql';
import type { SessionListQuery } from '../../gql/graphql';

export const SessionListDocument = graphql(`
  query SessionList {
    me {
      id
      sessions { id createdAt lastUsedAt isCurrent clientAddress device }
    }
  }
`);

export type Session = NonNullable<SessionListQuery['me']>['sessions'][number];

export const RevokeSessionDocument = graphql(`
  mutation RevokeSession($input: RevokeSessionInput!) {
    revokeSession(input: $input) {
      revoked
      errors { message code field }
    }
  }
`);

export const RevokeOtherSessionsDocument = graphql(`
  mutation RevokeOtherSessions {
    revokeOtherSessions {
      revoked
      errors { message code }
    }
  }
`);
