-- Passkeys (WebAuthn credentials) of users.
CREATE TABLE passkeys (
    passkey_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- By a foreign key, because servers of the previous version delete and rename users, too.
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    -- What identifies the user to authenticators (user handle): the same for all passkeys of a user.
    user_handle BYTEA NOT NULL,
    -- The id that the authenticator gave it.
    credential_id BYTEA NOT NULL,
    -- The public key, the signature counter, and the other data of the credential, as the WebAuthn library writes them.
    credential TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    is_backed_up BOOLEAN NOT NULL,
    -- How clients reach the authenticator, separated by spaces.
    transports TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_owner ON passkeys (owner_id, created_at);

-- The state of a ceremony with a passkey, as the WebAuthn library writes it.
ALTER TABLE codes ADD COLUMN passkey_state TEXT COLLATE "C";
-- Keyed digest of the account whose passkey is required; null if any passkey is accepted.
ALTER TABLE codes ADD COLUMN account BYTEA;
