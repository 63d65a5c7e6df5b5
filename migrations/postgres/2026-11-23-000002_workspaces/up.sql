-- Workspaces, workspace groups, and role bindings.
CREATE TABLE workspace_groups (
    workspace_group_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    name TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C",
    updated_by TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ
);
CREATE INDEX workspace_groups_list ON workspace_groups (domain_id, name, workspace_group_id);

CREATE TABLE workspace_group_users (
    workspace_group_id TEXT COLLATE "C" NOT NULL,
    user_id_key TEXT COLLATE "C" NOT NULL,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    user_id TEXT COLLATE "C" NOT NULL,
    role_id TEXT COLLATE "C",
    role_type TEXT COLLATE "C",
    PRIMARY KEY (workspace_group_id, user_id_key)
);
CREATE INDEX workspace_group_users_user ON workspace_group_users (domain_id, user_id_key, workspace_group_id);
CREATE INDEX workspace_group_users_role ON workspace_group_users (domain_id, role_id);

CREATE TABLE workspaces (
    workspace_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    name TEXT COLLATE "C" NOT NULL,
    -- The name in NFC and Unicode lower case, for searching.
    name_key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C",
    reference_id TEXT COLLATE "C",
    is_managed BOOLEAN NOT NULL,
    is_dormant BOOLEAN NOT NULL,
    workspace_group_id TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    last_synced_at TIMESTAMPTZ,
    dormant_updated_at TIMESTAMPTZ
);
-- For the list of an admin, in order, page by page.
CREATE INDEX workspaces_list ON workspaces (domain_id, name, workspace_id) WHERE state = 'ENABLED';
CREATE INDEX workspaces_group ON workspaces (domain_id, workspace_group_id, name, workspace_id);
CREATE INDEX workspaces_reference ON workspaces (domain_id, reference_id);

CREATE TABLE role_bindings (
    role_binding_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    user_id TEXT COLLATE "C" NOT NULL,
    user_id_key TEXT COLLATE "C" NOT NULL,
    role_id TEXT COLLATE "C" NOT NULL,
    role_type TEXT COLLATE "C" NOT NULL,
    resource_group TEXT COLLATE "C" NOT NULL,
    workspace_id TEXT COLLATE "C",
    workspace_group_id TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL
);
-- For a user's bindings: all of them, those to one workspace, and those through one group.
CREATE INDEX role_bindings_user ON role_bindings (domain_id, user_id_key, workspace_id);
CREATE INDEX role_bindings_user_group ON role_bindings (domain_id, user_id_key, workspace_group_id, workspace_id);
CREATE INDEX role_bindings_workspace ON role_bindings (domain_id, workspace_id);
CREATE INDEX role_bindings_group ON role_bindings (domain_id, workspace_group_id);
CREATE INDEX role_bindings_role ON role_bindings (domain_id, role_id);
