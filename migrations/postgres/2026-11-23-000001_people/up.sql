-- Domains, users, and roles. Text is compared byte by byte on both databases.
CREATE TABLE installation (
    -- Facts about this database: the check value of the secret key, and whether it contains demo data.
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE domains (
    domain_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    user_id TEXT COLLATE "C" NOT NULL,
    -- user_id in NFC and Unicode lower case, for comparison, here and in every table that refers to a user.
    user_id_key TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C",
    name TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    email_key TEXT COLLATE "C",
    email_verified BOOLEAN NOT NULL,
    pending_email TEXT COLLATE "C",
    pending_email_key TEXT COLLATE "C",
    auth_type TEXT COLLATE "C" NOT NULL,
    role_id TEXT COLLATE "C",
    role_type TEXT COLLATE "C" NOT NULL,
    mfa_state TEXT COLLATE "C" NOT NULL,
    mfa_type TEXT COLLATE "C",
    mfa_email TEXT COLLATE "C",
    mfa_email_key TEXT COLLATE "C",
    mfa_enforce BOOLEAN NOT NULL,
    -- Encrypted with the secret key.
    otp_secret BYTEA,
    language TEXT COLLATE "C" NOT NULL,
    timezone TEXT COLLATE "C" NOT NULL,
    -- Comma-separated, in alphabetical order.
    required_actions TEXT COLLATE "C" NOT NULL,
    refresh_timeout INTEGER,
    tags TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_accessed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX users_login ON users (domain_id, user_id_key);
-- A verified address is unique in its domain; unverified addresses are not.
CREATE UNIQUE INDEX users_verified_email ON users (domain_id, email_key) WHERE email_verified;
CREATE INDEX users_role ON users (domain_id, role_id);

CREATE TABLE roles (
    domain_id TEXT COLLATE "C" NOT NULL REFERENCES domains (domain_id),
    role_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    role_type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (domain_id, role_id)
);
