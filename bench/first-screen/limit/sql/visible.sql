-- The caller's groups, and the caller's workspaces with the binding of the highest precedence.
, visible_groups AS MATERIALIZED (
    SELECT g.workspace_group_id AS id, g.name
    FROM caller c
    JOIN workspace_group_users m ON m.domain_id = c.domain_id AND m.user_id_key = c.user_id_key
    JOIN workspace_groups g ON g.workspace_group_id = m.workspace_group_id AND g.domain_id = c.domain_id
)
, best AS MATERIALIZED (
    SELECT DISTINCT ON (b.workspace_id) b.workspace_id, b.domain_id, b.role_id, b.role_type
    FROM caller c
    JOIN role_bindings b ON b.domain_id = c.domain_id AND b.user_id_key = c.user_id_key
    WHERE b.resource_group = 'WORKSPACE' AND b.role_type IN ('WORKSPACE_OWNER', 'WORKSPACE_MEMBER')
    ORDER BY b.workspace_id, b.role_type DESC, b.created_at, b.role_binding_id
)
