ALTER TABLE session_tokens DROP COLUMN issued_at;
ALTER TABLE security_events DROP COLUMN actor;
