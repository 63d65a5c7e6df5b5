-- When a session last wrote, by the clock of the database. Servers that read lists from a replica store it, so that the
-- session's next reads see what it wrote.
ALTER TABLE sessions ADD COLUMN written_at TIMESTAMPTZ;
