SELECT '{"data":{"me":' || row_to_json(me)::text || '}}'
FROM (
    SELECT c.name,
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (
                SELECT w.name, r.name AS "roleName",
                    CASE WHEN g.id IS NOT NULL THEN json_build_object('name', g.name) END AS "workspaceGroup"
                FROM best b
                JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
                LEFT JOIN roles r ON r.domain_id = b.domain_id AND r.role_id = b.role_id
                LEFT JOIN visible_groups g ON g.id = w.workspace_group_id
                WHERE w.state = 'ENABLED'
                ORDER BY w.name, w.workspace_id
                LIMIT 3
            ) node
        ) AS workspaces,
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (
                SELECT g.name,
                    (
                        SELECT coalesce(json_agg(member), '[]')
                        FROM (
                            SELECT u.name AS "userName"
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
