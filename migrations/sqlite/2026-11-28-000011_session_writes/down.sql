ALTER TABLE sessions DROP COLUMN written_at;
