import { graphql } from '../../gql';

export const DeletionAddressDocument = graphql(`
  query DeletionAddress {
    me { id email emailVerified }
  }
`);

export const RequestAccountDeletionDocument = graphql(`
  mutation RequestAccountDeletion {
    requestAccountDeletion {
      sentTo
      errors { message code retryAfter }
    }
  }
`);

export const ConfirmAccountDeletionDocument = graphql(`
  mutation ConfirmAccountDeletion($input: ConfirmAccountDeletionInput!) {
    confirmAccountDeletion(input: $input) {
      deletionScheduledAt
      errors { message code field attemptsLeft retryAfter }
    }
  }
`);
