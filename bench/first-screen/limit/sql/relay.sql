, page AS MATERIALIZED (
    SELECT w.workspace_id AS id, w.name, b.role_type AS "roleType", r.name AS "roleName", w.is_dormant AS "isDormant",
        g AS "workspaceGroup",
        -- The cursor: ["w", name, id] in base64url without padding.
        rtrim(translate(encode(convert_to(
            '["w",' || to_json(w.name) || ',' || to_json(w.workspace_id) || ']', 'UTF8'
        ), 'base64'), E'+/\n', '-_'), '=') AS cursor,
        row_number() OVER (ORDER BY w.name, w.workspace_id) AS place
    FROM best b
    JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
    LEFT JOIN roles r ON r.domain_id = b.domain_id AND r.role_id = b.role_id
    LEFT JOIN visible_groups g ON g.id = w.workspace_group_id
    WHERE w.state = 'ENABLED'
    ORDER BY w.name, w.workspace_id
    LIMIT 9
)
SELECT '{"data":{"me":' || row_to_json(me)::text || '}}'
FROM (
    SELECT c.id,
        (
            SELECT json_build_object(
                'edges', coalesce(json_agg(json_build_object('cursor', p.cursor, 'node', (
                    SELECT node
                    FROM (SELECT p.id, p.name, p."roleType", p."roleName", p."isDormant", p."workspaceGroup") node
                )) ORDER BY p.place) FILTER (WHERE p.place <= 8), '[]'),
                'pageInfo', json_build_object(
                    'hasNextPage', count(*) > 8,
                    'endCursor', (SELECT cursor FROM page WHERE place <= 8 ORDER BY place DESC LIMIT 1)
                )
            )
            FROM page p
        ) AS workspaces
    FROM caller c
) me
