-- The actor of an event. The default is for servers of the previous release that still run on this database.
ALTER TABLE security_events ADD COLUMN actor TEXT NOT NULL DEFAULT 'USER';
UPDATE security_events SET actor = 'OPERATOR'
WHERE event_type IN ('PASSWORD_SET', 'PASSWORD_RESET_ISSUED', 'MFA_RESET', 'MFA_ENFORCED', 'ACTION_REQUIRED',
                     'USER_ENABLED', 'USER_DISABLED')
   OR (event_type = 'SESSIONS_REVOKED' AND client_address IS NULL);
UPDATE security_events SET actor = 'SYSTEM' WHERE event_type IN ('REFRESH_TOKEN_REUSED', 'SIGN_IN_CODES_EXHAUSTED');

-- When a token was issued. A session has a limited number of tokens, and the oldest are revoked first. Tokens from
-- before this column existed count as older than all others.
ALTER TABLE session_tokens ADD COLUMN issued_at TIMESTAMPTZ NOT NULL DEFAULT 0;
