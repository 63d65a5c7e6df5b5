-- The user that the access token with the digest $1 identifies. Admins see other lists; the limit does not serve them.
WITH caller AS MATERIALIZED (
    SELECT u.*, d.name AS domain_name
    FROM session_tokens t
    JOIN sessions s ON s.session_id = t.session_id
    JOIN users u ON u.id = s.owner_id
    JOIN domains d ON d.domain_id = u.domain_id
    WHERE t.digest = $1
        AND t.purpose = 'ACCESS'
        AND t.expires_at > now()
        AND s.expires_at > now()
        AND u.state <> 'DISABLED'
        AND u.role_type <> 'DOMAIN_ADMIN'
        AND d.state = 'ENABLED'
)
