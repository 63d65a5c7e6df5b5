DROP TABLE role_bindings;
DROP TABLE workspaces;
DROP TABLE workspace_group_users;
DROP TABLE workspace_groups;
