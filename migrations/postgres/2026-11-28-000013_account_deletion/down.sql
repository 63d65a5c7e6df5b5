DROP INDEX codes_purpose_expiry;
DROP INDEX outbox_owner;
ALTER TABLE outbox DROP COLUMN owner_id;
