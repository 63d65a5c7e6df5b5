// Authenticates a request by the rules of UserProfile: the access token, its session, the user, and the domain.
import { createHash } from 'node:crypto';

const CALLER = {
  name: 'caller',
  text: `SELECT u.*, d.name AS domain_name
    FROM session_tokens t
    JOIN sessions s ON s.session_id = t.session_id
    JOIN users u ON u.id = s.owner_id
    JOIN domains d ON d.domain_id = u.domain_id
    WHERE t.digest = $1 AND t.purpose = 'ACCESS' AND t.expires_at > now() AND s.expires_at > now()
      AND u.state <> 'DISABLED' AND d.state = 'ENABLED'`,
};

/** The row of the user that the header `Authorization` identifies, if any. */
export async function findCaller(pool, authorization) {
  if (!authorization?.startsWith('Bearer ')) return undefined;
  const digest = createHash('sha256').update(authorization.slice('Bearer '.length)).digest();
  const { rows } = await pool.query({ ...CALLER, values: [digest] });
  return rows[0];
}
