-- Codes and single-use tokens, multi-factor authentication, rate limits, and the outbox.
ALTER TABLE users ADD COLUMN
    -- The last accepted TOTP step (RFC 6238), so that no step is accepted twice.
    otp_last_step BIGINT;

-- Counters can be found by user id too, so that a confirmed reset can clear those of all networks. Existing ones are
-- deleted.
DROP TABLE password_attempts;
CREATE TABLE password_attempts (
    -- Keyed digest of the user id, and of the network for a counter of one network.
    counter BYTEA NOT NULL PRIMARY KEY,
    -- Keyed digest of the user id.
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
    -- The address that the code was sent to, or that it concerns.
    address TEXT COLLATE "C",
    address_key TEXT COLLATE "C",
    -- The only session that may submit the code.
    session_id TEXT COLLATE "C",
    -- Keyed digest of the code; null if an authenticator app generates it.
    digest BYTEA,
    -- SHA-256 of the token that identifies the row; null if a session does.
    token BYTEA,
    -- The secret of an authenticator app that is being set up, encrypted with the secret key.
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

-- Rate limits: one row for each event, such as an attempt or a message, within a time window.
CREATE TABLE tallies (
    tally_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Keyed digest of the limit and the key that it counts for.
    counter BYTEA NOT NULL,
    counted_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX tallies_counter ON tallies (counter, counted_at);
CREATE INDEX tallies_age ON tallies (counted_at);

-- Jobs for the workers: messages to send, and requests to process.
CREATE TABLE outbox (
    job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    -- Encrypted with the secret key; null after a permanent failure.
    payload BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    -- The job is not run after this time.
    expires_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    tries INTEGER NOT NULL,
    -- The end of a worker's lease.
    leased_until TIMESTAMPTZ,
    -- When the job failed permanently.
    failed_at TIMESTAMPTZ,
    last_error TEXT COLLATE "C"
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE failed_at IS NULL;
CREATE INDEX outbox_failed ON outbox (failed_at);
