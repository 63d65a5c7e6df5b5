SELECT '{"data":{"me":' || row_to_json(me)::text || '}}'
FROM (
    SELECT c.name,
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (
                SELECT w.workspace_id AS id, w.name
                FROM best b
                JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
                WHERE w.state = 'ENABLED'
                ORDER BY w.name, w.workspace_id
                LIMIT 5
            ) node
        ) AS workspaces,
        (
            SELECT json_build_object('nodes', coalesce(json_agg(node), '[]'))
            FROM (SELECT g.name FROM visible_groups g ORDER BY g.name, g.id LIMIT 50) node
        ) AS "workspaceGroups"
    FROM caller c
) me
