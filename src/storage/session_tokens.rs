//! The digests of the tokens of sessions, and the limit on the number of tokens of a session.

use diesel::prelude::*;

use super::db::{Fetch, Run, Tx, Unlimited};
use super::error::Error;
use super::schema::session_tokens;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::ids::SessionId;
use crate::domain::session::TokenPurpose;
use crate::domain::token::TokenDigest;

/// A token to be stored.
pub struct NewToken<'a> {
    /// The digest.
    pub digest: &'a TokenDigest,
    /// The purpose.
    pub purpose: TokenPurpose,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
}

/// Stores the digest of a new token.
pub async fn insert(tx: &mut Tx, session: &SessionId, token: &NewToken<'_>) -> Result<(), Error> {
    diesel::insert_into(session_tokens::table)
        .values((
            session_tokens::digest.eq(token.digest),
            session_tokens::session_id.eq(session),
            session_tokens::purpose.eq(token.purpose),
            session_tokens::issued_at.eq(At(token.issued_at)),
            session_tokens::expires_at.eq(At(token.expires_at)),
        ))
        .run(tx.conn())
        .await
}

/// Records when a refresh token was first rotated. Rotating it again within its grace period changes nothing.
pub async fn rotate(tx: &mut Tx, digest: &TokenDigest, now: Timestamp) -> Result<(), Error> {
    diesel::update(session_tokens::table.find(digest.as_slice()))
        .filter(session_tokens::rotated_at.is_null())
        .set(session_tokens::rotated_at.eq(Some(now)))
        .run(tx.conn())
        .await
}

/// Deletes the access tokens of a session that have expired.
pub async fn delete_expired_access(tx: &mut Tx, session: &SessionId, now: Timestamp) -> Result<(), Error> {
    diesel::delete(session_tokens::table)
        .filter(session_tokens::session_id.eq(session))
        .filter(session_tokens::purpose.eq(TokenPurpose::Access))
        .filter(session_tokens::expires_at.le(At(now)))
        .run(tx.conn())
        .await
}

/// The digests of all but the `$kept` newest tokens of `$session` for `$purpose` that match `$condition`.
macro_rules! all_but_newest {
    ($tx:expr, $session:expr, $purpose:expr, $condition:expr, $kept:expr) => {{
        let surplus: Vec<Vec<u8>> = session_tokens::table
            .filter(session_tokens::session_id.eq($session))
            .filter(session_tokens::purpose.eq($purpose))
            .filter($condition)
            .order((session_tokens::issued_at.desc(), session_tokens::digest))
            .select(session_tokens::digest)
            .rows($kept, i64::MAX)
            .fetch_all($tx.conn())
            .await?;
        surplus
    }};
}

/// Revokes all but the `kept` newest access tokens of a session.
pub async fn keep_newest_access(tx: &mut Tx, session: &SessionId, kept: i64) -> Result<(), Error> {
    let purpose = TokenPurpose::Access;
    let surplus = all_but_newest!(tx, session, purpose, session_tokens::rotated_at.is_null(), kept);
    delete(tx, &surplus).await
}

/// Retires all but the `kept` newest refresh tokens of a session that have not been rotated: they count as rotated now,
/// so that reuse detection notices a later use.
pub async fn keep_newest_refresh(tx: &mut Tx, session: &SessionId, kept: i64, now: Timestamp) -> Result<(), Error> {
    let purpose = TokenPurpose::Refresh;
    let surplus = all_but_newest!(tx, session, purpose, session_tokens::rotated_at.is_null(), kept);
    for digest in surplus {
        diesel::update(session_tokens::table.find(digest.as_slice()))
            .set(session_tokens::rotated_at.eq(Some(now)))
            .run(tx.conn())
            .await?;
    }
    Ok(())
}

/// Deletes all but the `kept` newest refresh tokens of a session that have been rotated.
pub async fn keep_newest_rotated(tx: &mut Tx, session: &SessionId, kept: i64) -> Result<(), Error> {
    let purpose = TokenPurpose::Refresh;
    let surplus = all_but_newest!(tx, session, purpose, session_tokens::rotated_at.is_not_null(), kept);
    delete(tx, &surplus).await
}

/// How many tokens one statement names.
const TOKENS_PER_STATEMENT: usize = 1000;

async fn delete(tx: &mut Tx, digests: &[Vec<u8>]) -> Result<(), Error> {
    for some in digests.chunks(TOKENS_PER_STATEMENT) {
        diesel::delete(session_tokens::table.filter(session_tokens::digest.eq_any(some))).run(tx.conn()).await?;
    }
    Ok(())
}
