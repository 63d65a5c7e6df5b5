import { graphql } from '../gql';

/** Who is signed in. */
export const MeQuery = graphql(`
  query Me {
    me {
      id
      userId
      name
      language
      timezone
      requiredActions
      domain { id name }
    }
  }
`);
