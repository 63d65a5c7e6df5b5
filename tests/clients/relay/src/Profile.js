// The user's profile. The compiler reads these documents, and generates the artifacts that run.

import { graphql } from 'relay-runtime';

graphql`
  query ProfileQuery @throwOnFieldError {
    me {
      id
      ...Profile_user
      ...WorkspaceList_user
    }
  }
`;

graphql`
  fragment Profile_user on User {
    name
    roleType
    tags
  }
`;

graphql`
  mutation ProfileNoteMutation($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user {
        ...Profile_user
      }
      errors {
        code
        field
      }
    }
  }
`;
