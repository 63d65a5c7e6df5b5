DROP TABLE outbox;
DROP TABLE tallies;
DROP TABLE recovery_codes;
DROP TABLE codes;
ALTER TABLE users DROP COLUMN otp_last_step;
DROP INDEX password_attempts_login;
ALTER TABLE password_attempts DROP COLUMN login;
