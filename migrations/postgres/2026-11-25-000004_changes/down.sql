DROP TABLE outbox, tallies, recovery_codes, codes;
ALTER TABLE users DROP COLUMN otp_last_step;
DROP INDEX password_attempts_login;
ALTER TABLE password_attempts DROP COLUMN login;
