//! The digests of the tokens of sessions, and the limit on the number of tokens of a session.

use diesel::prelude::*;

use super::db::{Run, Tx};
use super::dialect::Sql;
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

/// Revokes all but the `kept` newest access tokens of a session.
pub async fn keep_newest_access(tx: &mut Tx, session: &SessionId, kept: u32) -> Result<(), Error> {
    let mut sql = Sql::new("DELETE FROM session_tokens WHERE ");
    push_is_surplus(&mut sql, session, TokenPurpose::Access, "IS NULL", kept);
    sql.query::<()>().run(tx.conn()).await
}

/// Retires all but the `kept` newest refresh tokens of a session that have not been rotated: they count as rotated now,
/// so that reuse detection notices a later use.
pub async fn keep_newest_refresh(tx: &mut Tx, session: &SessionId, kept: u32, now: Timestamp) -> Result<(), Error> {
    let mut sql = Sql::new("UPDATE session_tokens SET rotated_at = ");
    sql.time(now).push(" WHERE ");
    push_is_surplus(&mut sql, session, TokenPurpose::Refresh, "IS NULL", kept);
    sql.query::<()>().run(tx.conn()).await
}

/// Deletes all but the `kept` newest refresh tokens of a session that have been rotated.
pub async fn keep_newest_rotated(tx: &mut Tx, session: &SessionId, kept: u32) -> Result<(), Error> {
    let mut sql = Sql::new("DELETE FROM session_tokens WHERE ");
    push_is_surplus(&mut sql, session, TokenPurpose::Refresh, "IS NOT NULL", kept);
    sql.query::<()>().run(tx.conn()).await
}

/// The token is not among the `kept` newest tokens of the session for this purpose whose `rotated_at` is null, or is not.
fn push_is_surplus(sql: &mut Sql, session: &SessionId, purpose: TokenPurpose, rotated: &str, kept: u32) {
    sql.push("digest IN (SELECT digest FROM session_tokens WHERE session_id = ").text(session.as_str());
    sql.push(" AND purpose = ").text(purpose.as_str());
    sql.push(format!(" AND rotated_at {rotated} ORDER BY issued_at DESC, digest LIMIT {} OFFSET {kept})", i64::MAX));
}
