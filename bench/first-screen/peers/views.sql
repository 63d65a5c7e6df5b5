-- The views that PostGraphile serves: what a user who is not an admin sees. Smart tags declare their keys, so that it
-- joins them in one statement.
DROP SCHEMA IF EXISTS app CASCADE;
CREATE SCHEMA app;

CREATE TYPE app.mfa AS (state TEXT);

CREATE VIEW app.domains AS SELECT domain_id AS id, name FROM domains;
COMMENT ON VIEW app.domains IS '@primaryKey id';

CREATE VIEW app.users AS
SELECT id, domain_id, user_id_key, user_id, name, email, email_verified, language, timezone, state,
    ROW(mfa_state)::app.mfa AS mfa, string_to_array(required_actions, ',') AS required_actions
FROM users;
COMMENT ON VIEW app.users IS $$
@primaryKey id
@unique domain_id,user_id_key
@foreignKey (domain_id) references app.domains (id)|@fieldName domain
$$;

CREATE VIEW app.groups AS
SELECT m.domain_id, m.user_id_key, g.workspace_group_id AS id, g.name
FROM workspace_group_users m
JOIN workspace_groups g ON g.workspace_group_id = m.workspace_group_id AND g.domain_id = m.domain_id;
-- A group has a row for each of its users; that its id is unique among those of one caller suffices.
COMMENT ON VIEW app.groups IS $$
@primaryKey domain_id,user_id_key,id
@unique id
@foreignKey (domain_id,user_id_key) references app.users (domain_id,user_id_key)|@foreignFieldName workspaceGroups
$$;

CREATE VIEW app.group_users AS
SELECT m.domain_id, m.workspace_group_id AS group_id, m.user_id_key, m.user_id, u.name AS user_name, m.role_type, u.state
FROM workspace_group_users m
LEFT JOIN users u ON u.domain_id = m.domain_id AND u.user_id_key = m.user_id_key;
COMMENT ON VIEW app.group_users IS $$
@primaryKey group_id,user_id_key
@foreignKey (group_id) references app.groups (id)|@foreignSimpleFieldName users|@behavior +list -connection
$$;

CREATE VIEW app.workspaces AS
SELECT b.domain_id, b.user_id_key, w.workspace_id AS id, w.name, w.workspace_group_id AS group_id, b.role_type,
    r.name AS role_name, w.is_managed, w.is_dormant
FROM (
    SELECT DISTINCT ON (domain_id, user_id_key, workspace_id) domain_id, user_id_key, workspace_id, role_id, role_type
    FROM role_bindings
    WHERE resource_group = 'WORKSPACE' AND role_type IN ('WORKSPACE_OWNER', 'WORKSPACE_MEMBER')
    ORDER BY domain_id, user_id_key, workspace_id, role_type DESC, created_at, role_binding_id
) b
JOIN workspaces w ON w.workspace_id = b.workspace_id AND w.domain_id = b.domain_id
LEFT JOIN roles r ON r.domain_id = b.domain_id AND r.role_id = b.role_id
WHERE w.state = 'ENABLED';
COMMENT ON VIEW app.workspaces IS $$
@primaryKey domain_id,user_id_key,id
@foreignKey (domain_id,user_id_key) references app.users (domain_id,user_id_key)|@foreignFieldName workspaces
@foreignKey (domain_id,user_id_key,group_id) references app.groups (domain_id,user_id_key,id)|@fieldName workspaceGroup
$$;
