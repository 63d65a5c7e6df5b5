// The documents of an application that uses Apollo Client.

import { gql } from '@apollo/client';

export const WHO_AM_I = gql`
  query WhoAmI {
    me {
      id
      userId
      tags
    }
  }
`;

export const WORKSPACES = gql`
  query Workspaces($first: Int, $after: String) {
    me {
      id
      workspaces(first: $first, after: $after) {
        edges {
          ...WorkspaceRow
        }
        pageInfo {
          hasNextPage
          endCursor
        }
        totalCount
      }
    }
  }

  fragment WorkspaceRow on WorkspaceEdge {
    roleName
    node {
      id
      name
    }
  }
`;

export const ENTITY = gql`
  query Entity($id: ID!) {
    node(id: $id) {
      id
      ... on Workspace {
        name
      }
    }
  }
`;

export const KEEP_TAGS = gql`
  mutation KeepTags($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user {
        id
        tags
      }
      errors {
        ...ErrorFields
        code
      }
    }
  }

  fragment ErrorFields on UserError {
    message
    field
  }
`;

export const START_SESSION = gql`
  mutation StartSession($input: SignInInput!) {
    signIn(input: $input) {
      session {
        accessToken
      }
      errors {
        message
      }
    }
  }
`;
