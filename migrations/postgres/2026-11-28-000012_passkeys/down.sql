ALTER TABLE codes DROP COLUMN account;
ALTER TABLE codes DROP COLUMN passkey_state;
DROP TABLE passkeys;
