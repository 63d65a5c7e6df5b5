CREATE INDEX outbox_due ON outbox (due_at) WHERE failed_at IS NULL;
DROP INDEX outbox_kind_due;
ALTER TABLE sessions DROP COLUMN written_at;
