-- Sessions and their tokens, the backoff after wrong passwords, and security events.
CREATE TABLE sessions (
    session_id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    -- users.id
    owner_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    client_address TEXT NOT NULL,
    user_agent TEXT
);
CREATE INDEX sessions_owner ON sessions (owner_id, last_used_at);
CREATE INDEX sessions_domain ON sessions (domain_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE session_tokens (
    -- SHA-256 of the token; the token itself is not stored.
    digest BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    -- When a refresh token was rotated.
    rotated_at TIMESTAMPTZ
) WITHOUT ROWID;
CREATE INDEX session_tokens_session ON session_tokens (session_id);
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);

CREATE TABLE password_attempts (
    -- Keyed digest of the user id, and of the network for a counter of one network.
    counter BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ NOT NULL
) WITHOUT ROWID;
CREATE INDEX password_attempts_age ON password_attempts (failed_at);

CREATE TABLE known_networks (
    -- Keyed digest of the user id and the network of a completed sign-in.
    network BLOB NOT NULL PRIMARY KEY,
    signed_in_at TIMESTAMPTZ NOT NULL
) WITHOUT ROWID;
CREATE INDEX known_networks_age ON known_networks (signed_in_at);

CREATE TABLE security_events (
    event_id TEXT NOT NULL PRIMARY KEY,
    -- users.id
    owner_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    client_address TEXT,
    user_agent TEXT
);
CREATE INDEX security_events_owner ON security_events (owner_id, created_at, event_id);
CREATE INDEX security_events_age ON security_events (created_at);
