-- When a session last wrote, by the clock of the database. Servers that read lists from a replica store it, so that the
-- session's next reads see what it wrote.
ALTER TABLE sessions ADD COLUMN written_at TIMESTAMPTZ;

-- Workers look for jobs of one kind, so that many of another kind do not delay them.
CREATE INDEX outbox_kind_due ON outbox (kind, due_at, job_id) WHERE failed_at IS NULL;
DROP INDEX outbox_due;
