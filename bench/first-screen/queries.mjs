// The documents that are measured, as front ends send them.

export const QUERIES = {
  'first-screen': `query FirstScreen {
  me {
    id
    userId
    name
    email
    emailVerified
    language
    timezone
    state
    domain { id name }
    mfa { state }
    requiredActions
    workspaces {
      nodes {
        id
        name
        roleType
        roleName
        isManaged
        isDormant
        workspaceGroup { id name }
      }
    }
    workspaceGroups {
      nodes {
        id
        name
        users { userId userName roleType state }
      }
    }
  }
}`,
  readme: `{
  me {
    name
    workspaces(first: 3) { nodes { name roleName workspaceGroup { name } } }
    workspaceGroups { nodes { name users { userName } } }
  }
}`,
  relay: `query WorkspaceListQuery {
  me {
    id
    workspaces(first: 8) {
      edges {
        cursor
        node { id name roleType roleName isDormant workspaceGroup { id name } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`,
  navigation: `query NavigationBar {
  me {
    name
    workspaces(first: 5) { nodes { id name } }
    workspaceGroups { nodes { name } }
  }
}`,
  name: '{ me { name } }',
};

/** The queries to measure: those that QUERIES names, otherwise these, or all. */
export function selected(...otherwise) {
  const names = process.env.QUERIES?.split(',') ?? (otherwise.length > 0 ? otherwise : Object.keys(QUERIES));
  const unknown = names.find((name) => !(name in QUERIES));
  if (unknown !== undefined) throw new Error(`unknown query ${unknown}; there are ${Object.keys(QUERIES).join(', ')}`);
  return names;
}

/** The document with the names and the order of PostGraphile, whose response is the same. */
export function forPostGraphile(document) {
  const byName = 'orderBy: [NAME_ASC, ROW_ID_ASC]';
  return document
    .replaceAll(/\bid\b/g, 'id: rowId')
    .replaceAll(/\b(workspaces|workspaceGroups) \{/g, `$1(${byName}) {`)
    .replaceAll(/\bfirst: \d+/g, `$&, ${byName}`)
    .replaceAll(/\busers \{/g, 'users(orderBy: [USER_ID_ASC]) {');
}
