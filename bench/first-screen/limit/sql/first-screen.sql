SELECT '{"data":{"me":' || row_to_json(me)::text || '}}'
FROM (
    SELECT c.id, c.user_id AS "userId", c.name, c.email, c.email_verified AS "emailVerified", c.language, c.timezone,
        c.state,
        json_build_object('id', c.domain_id, 'name', c.domain_name) AS domain,
        json_build_object('state', c.mfa_state) AS mfa,
        string_to_array(c.required_actions, ',') AS "requiredActions",
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (
                SELECT w.workspace_id AS id, w.name, b.role_type AS "roleType", r.name AS "roleName",
                    w.is_managed AS "isManaged", w.is_dormant AS "isDormant",
                    g AS "workspaceGroup"
                FROM best b
                JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
                LEFT JOIN roles r ON r.domain_id = b.domain_id AND r.role_id = b.role_id
                LEFT JOIN visible_groups g ON g.id = w.workspace_group_id
                WHERE w.state = 'ENABLED'
                ORDER BY w.name, w.workspace_id
                LIMIT 50
            ) node
        ) AS workspaces,
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (
                SELECT g.id, g.name,
                    (
                        SELECT coalesce(json_agg(member), '[]')
                        FROM (
                            SELECT m.user_id AS "userId", u.name AS "userName", m.role_type AS "roleType", u.state
                            FROM workspace_group_users m
                            LEFT JOIN users u ON u.domain_id = m.domain_id AND u.user_id_key = m.user_id_key
                            WHERE m.workspace_group_id = g.id
                            ORDER BY m.user_id, m.user_id_key
                        ) member
                    ) AS users
                FROM visible_groups g
                ORDER BY g.name, g.id
                LIMIT 50
            ) node
        ) AS "workspaceGroups"
    FROM caller c
) me
