// The statements of the hand-written resolvers, for users who are not admins.

const CREDENTIALS = ({ domain_id, user_id_key }) => [domain_id, user_id_key];

/** The caller's workspaces, with the binding of the highest precedence. */
export const workspaces = (caller, limit) => ({
  name: 'workspaces',
  text: `SELECT w.workspace_id AS id, w.name, w.state, b.role_id AS "roleId", b.role_type AS "roleType",
      r.name AS "roleName", w.is_managed AS "isManaged", w.is_dormant AS "isDormant", w.workspace_group_id AS "groupId"
    FROM (
      SELECT DISTINCT ON (workspace_id) workspace_id, domain_id, role_id, role_type
      FROM role_bindings
      WHERE domain_id = $1 AND user_id_key = $2 AND resource_group = 'WORKSPACE'
        AND role_type IN ('WORKSPACE_OWNER', 'WORKSPACE_MEMBER')
      ORDER BY workspace_id, role_type DESC, created_at, role_binding_id
    ) b
    JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
    LEFT JOIN roles r ON r.domain_id = b.domain_id AND r.role_id = b.role_id
    WHERE w.state = 'ENABLED'
    ORDER BY w.name, w.workspace_id
    LIMIT $3`,
  values: [...CREDENTIALS(caller), limit],
});

/** The caller's groups. */
export const groups = (caller, limit) => ({
  name: 'groups',
  text: `SELECT g.workspace_group_id AS id, g.name
    FROM workspace_group_users m
    JOIN workspace_groups g ON g.workspace_group_id = m.workspace_group_id AND g.domain_id = m.domain_id
    WHERE m.domain_id = $1 AND m.user_id_key = $2
    ORDER BY g.name, g.workspace_group_id
    LIMIT $3`,
  values: [...CREDENTIALS(caller), limit],
});

/** Those of the groups that the caller sees. */
export const groupsById = (caller, ids) => ({
  name: 'groups-by-id',
  text: `SELECT g.workspace_group_id AS id, g.name
    FROM workspace_group_users m
    JOIN workspace_groups g ON g.workspace_group_id = m.workspace_group_id AND g.domain_id = m.domain_id
    WHERE m.domain_id = $1 AND m.user_id_key = $2 AND m.workspace_group_id = ANY($3)`,
  values: [...CREDENTIALS(caller), ids],
});

/** The users of groups that the caller sees. */
export const usersOfGroups = (ids) => ({
  name: 'users-of-groups',
  text: `SELECT m.workspace_group_id AS "groupId", m.user_id AS "userId", u.name AS "userName",
      m.role_type AS "roleType", u.state
    FROM workspace_group_users m
    LEFT JOIN users u ON u.domain_id = m.domain_id AND u.user_id_key = m.user_id_key
    WHERE m.workspace_group_id = ANY($1)
    ORDER BY m.user_id, m.user_id_key`,
  values: [ids],
});
