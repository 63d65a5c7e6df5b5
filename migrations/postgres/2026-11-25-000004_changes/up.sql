-- What changing an account takes: codes and tokens that wait, second factors, limits, and mails to be sent.
ALTER TABLE users ADD COLUMN
    -- The last step of the authenticator app (RFC 6238) that was accepted: none is accepted twice.
    otp_last_step BIGINT;

-- Counters are kept by name too, so that a confirmed reset can clear those of all networks. They begin anew.
DROP TABLE password_attempts;
CREATE TABLE password_attempts (
    -- Keyed digest of the name, and of the network or nothing.
    counter BYTEA NOT NULL PRIMARY KEY,
    -- Keyed digest of the name alone.
    login BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ NOT NULL
);
CREATE INDEX password_attempts_login ON password_attempts (login);
CREATE INDEX password_attempts_age ON password_attempts (failed_at);

CREATE TABLE codes (
    code_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- users.id
    owner_id TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    -- The address that it was sent to, or is about.
    address TEXT COLLATE "C",
    address_key TEXT COLLATE "C",
    -- The session that alone may answer it.
    session_id TEXT COLLATE "C",
    -- Keyed digest of the six digits; none where an authenticator app makes them.
    digest BYTEA,
    -- SHA-256 of the token that names it; none where a session does.
    token BYTEA,
    -- The secret of an authenticator app that is being set up, sealed with the secret key.
    otp_secret BYTEA,
    tries INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX codes_token ON codes (token);
CREATE INDEX codes_owner ON codes (owner_id, purpose);
CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE recovery_codes (
    -- users.id
    owner_id TEXT COLLATE "C" NOT NULL,
    -- Keyed digest of the code.
    digest BYTEA NOT NULL,
    PRIMARY KEY (owner_id, digest)
);

-- One row for each thing that is counted within a window of time: tries of codes, and mails.
CREATE TABLE tallies (
    tally_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Keyed digest of what is counted and for whom.
    counter BYTEA NOT NULL,
    counted_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX tallies_counter ON tallies (counter, counted_at);
CREATE INDEX tallies_age ON tallies (counted_at);

-- Mails, and requests to be decided on, that wait to be worked on.
CREATE TABLE outbox (
    job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    -- Sealed with the secret key; gone once it failed for good.
    payload BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    -- After which it is not to be sent any more.
    expires_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    tries INTEGER NOT NULL,
    -- Until when the worker that holds it may work on it.
    leased_until TIMESTAMPTZ,
    -- When it was given up.
    failed_at TIMESTAMPTZ,
    last_error TEXT COLLATE "C"
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE failed_at IS NULL;
CREATE INDEX outbox_failed ON outbox (failed_at);
