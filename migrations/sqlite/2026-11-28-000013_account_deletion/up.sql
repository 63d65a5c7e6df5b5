-- The user that a message is for, whose deletion deletes it; null for other jobs.
ALTER TABLE outbox ADD COLUMN owner_id TEXT;
CREATE INDEX outbox_owner ON outbox (owner_id) WHERE owner_id IS NOT NULL;

-- Servers look for accounts whose grace period is over.
CREATE INDEX codes_purpose_expiry ON codes (purpose, expires_at);
