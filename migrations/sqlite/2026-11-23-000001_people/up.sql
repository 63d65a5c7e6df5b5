-- Times are microseconds since 1970.
-- Domains, users, and roles. Text is compared byte by byte on both databases.
CREATE TABLE installation (
    -- Facts about this database: the check value of the secret key, and whether it contains demo data.
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE domains (
    domain_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    tags TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    user_id TEXT NOT NULL,
    -- user_id in NFC and Unicode lower case, for comparison, here and in every table that refers to a user.
    user_id_key TEXT NOT NULL,
    password_hash TEXT,
    name TEXT,
    state TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    email_verified BOOLEAN NOT NULL,
    pending_email TEXT,
    pending_email_key TEXT,
    auth_type TEXT NOT NULL,
    role_id TEXT,
    role_type TEXT NOT NULL,
    mfa_state TEXT NOT NULL,
    mfa_type TEXT,
    mfa_email TEXT,
    mfa_email_key TEXT,
    mfa_enforce BOOLEAN NOT NULL,
    -- Encrypted with the secret key.
    otp_secret BLOB,
    language TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- Comma-separated, in alphabetical order.
    required_actions TEXT NOT NULL,
    refresh_timeout INTEGER,
    tags TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_accessed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX users_login ON users (domain_id, user_id_key);
-- A verified address is unique in its domain; unverified addresses are not.
CREATE UNIQUE INDEX users_verified_email ON users (domain_id, email_key) WHERE email_verified;
CREATE INDEX users_role ON users (domain_id, role_id);

CREATE TABLE roles (
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    role_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role_type TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (domain_id, role_id)
) WITHOUT ROWID;
