-- Passkeys (WebAuthn credentials) of users.
CREATE TABLE passkeys (
    passkey_id TEXT NOT NULL PRIMARY KEY,
    -- By a foreign key, because servers of the previous version delete and rename users, too.
    owner_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    -- What identifies the user to authenticators (user handle): the same for all passkeys of a user.
    user_handle BLOB NOT NULL,
    -- The id that the authenticator gave it.
    credential_id BLOB NOT NULL,
    -- The public key, the signature counter, and the other data of the credential, as the WebAuthn library writes them.
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    is_backed_up BOOLEAN NOT NULL,
    -- How clients reach the authenticator, separated by spaces.
    transports TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_owner ON passkeys (owner_id, created_at);

-- The state of a ceremony with a passkey, as the WebAuthn library writes it.
ALTER TABLE codes ADD COLUMN passkey_state TEXT;
-- Keyed digest of the account whose passkey is required; null if any passkey is accepted.
ALTER TABLE codes ADD COLUMN account BLOB;
