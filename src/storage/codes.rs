//! Pending codes and one-time tokens.

use diesel::prelude::*;

use super::columns::columns_of;
use super::db::{Db, Fetch, Run, Tx, Unlimited};
use super::error::Error;
use super::pairs::one_of;
use super::schema::codes;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::code::{Code, CodePurpose, UndoLink};
use crate::domain::ids::{CodeId, UserId};
use crate::domain::token::TokenDigest;

/// Stores a new code, and the digest of the token that identifies it, if there is one.
pub async fn insert(tx: &mut Tx, code: &Code, token: Option<&TokenDigest>) -> Result<(), Error> {
    let token = codes::token.eq(token.map(<[u8; 32]>::as_slice));
    diesel::insert_into(codes::table).values((code, token)).run(tx.conn()).await
}

/// Stores the state of a ceremony with a passkey, which completes the challenge of a token as well.
pub async fn update_passkey_state(tx: &mut Tx, token: &TokenDigest, state: &str) -> Result<(), Error> {
    diesel::update(codes::table.filter(codes::token.eq(token)))
        .set(codes::passkey_state.eq(Some(state)))
        .run(tx.conn())
        .await
}

/// The newest code of a user for one of `purposes`, expired or not.
pub async fn find(db: &Db, owner: &UserId, purposes: &[CodePurpose]) -> Result<Option<Code>, Error> {
    codes::table
        .filter(codes::owner_id.eq(owner))
        .filter(codes::purpose.eq_any(purposes))
        .order((codes::created_at.desc(), codes::code_id))
        .select(columns_of::<Code>())
        .rows(0, 1)
        .fetch_optional(&mut db.conn().await?)
        .await
}

/// The codes of a user that are valid at `now`, the newest first.
pub async fn list_by_owner(db: &Db, owner: &UserId, now: Timestamp) -> Result<Vec<Code>, Error> {
    codes::table
        .filter(codes::owner_id.eq(owner))
        .filter(codes::expires_at.gt(At(now)))
        .order((codes::created_at.desc(), codes::code_id))
        .select(columns_of::<Code>())
        .fetch_all(&mut db.conn().await?)
        .await
}

/// The code or token for `purpose` that a token identifies.
pub async fn find_by_token(db: &Db, token: &TokenDigest, purpose: CodePurpose) -> Result<Option<Code>, Error> {
    codes::table
        .filter(codes::token.eq(token))
        .filter(codes::purpose.eq(purpose))
        .select(columns_of::<Code>())
        .fetch_optional(&mut db.conn().await?)
        .await
}

/// A code, as seen by the transaction.
pub async fn find_within(tx: &mut Tx, id: &CodeId) -> Result<Option<Code>, Error> {
    codes::table.find(id).select(columns_of::<Code>()).fetch_optional(tx.conn()).await
}

/// The code of a user for `purpose`, as seen by the transaction.
pub async fn find_of_owner_within(tx: &mut Tx, owner: &UserId, purpose: CodePurpose) -> Result<Option<Code>, Error> {
    codes::table
        .filter(codes::owner_id.eq(owner))
        .filter(codes::purpose.eq(purpose))
        .order(codes::created_at.desc())
        .select(columns_of::<Code>())
        .rows(0, 1)
        .fetch_optional(tx.conn())
        .await
}

/// Counts an attempt, if fewer than `max_tries` were counted and the code has not expired. Returns `None` if the
/// attempt was not counted. Concurrent attempts never exceed the limit.
pub async fn charge(tx: &mut Tx, id: &CodeId, max_tries: u32, now: Timestamp) -> Result<Option<u32>, Error> {
    let max_tries = i32::try_from(max_tries).unwrap_or(i32::MAX);
    let tries: Option<i32> = diesel::update(codes::table.find(id))
        .filter(codes::tries.lt(max_tries))
        .filter(codes::expires_at.gt(At(now)))
        .set(codes::tries.eq(codes::tries + 1))
        .returning(codes::tries)
        .fetch_optional(tx.conn())
        .await?;
    Ok(tries.map(|tries| u32::try_from(tries).unwrap_or(u32::MAX)))
}

/// Removes an attempt from the count of a code, if the code still exists.
pub async fn uncharge(tx: &mut Tx, id: &CodeId) -> Result<(), Error> {
    diesel::update(codes::table.find(id))
        .filter(codes::tries.gt(0))
        .set(codes::tries.eq(codes::tries - 1))
        .run(tx.conn())
        .await
}

/// Consumes a code, if it still exists and has not expired, and returns whether it did. Of concurrent attempts, only
/// one consumes it.
pub async fn consume(tx: &mut Tx, id: &CodeId, now: Timestamp) -> Result<bool, Error> {
    let deleted =
        diesel::delete(codes::table.find(id)).filter(codes::expires_at.gt(At(now))).run_counted(tx.conn()).await?;
    Ok(deleted == 1)
}

/// Invalidates a user's codes for `purposes`, and returns how many there were.
pub async fn delete(tx: &mut Tx, owner: &UserId, purposes: &[CodePurpose]) -> Result<usize, Error> {
    diesel::delete(codes::table)
        .filter(codes::owner_id.eq(owner))
        .filter(codes::purpose.eq_any(purposes))
        .run_counted(tx.conn())
        .await
}

/// The links of all of `owners` that undo a change of the email address and are valid at `now`.
pub async fn list_undo_links(tx: &mut Tx, owners: &[&str], now: Timestamp) -> Result<Vec<UndoLink>, Error> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId, Option<String>, Timestamp)> = codes::table
        .filter(codes::owner_id.eq_any(owners))
        .filter(codes::purpose.eq(CodePurpose::UndoEmailChange))
        .filter(codes::expires_at.gt(At(now)))
        .select((codes::owner_id, codes::address_key, codes::created_at))
        .fetch_all(tx.conn())
        .await?;
    let links = rows.into_iter().filter_map(|(owner_id, address_key, created_at)| {
        Some(UndoLink { owner_id, address_key: address_key?, created_at })
    });
    Ok(links.collect())
}

/// Invalidates a user's codes for `purpose` that were created at `since` or later.
pub async fn delete_since(tx: &mut Tx, owner: &UserId, purpose: CodePurpose, since: Timestamp) -> Result<(), Error> {
    diesel::delete(codes::table)
        .filter(codes::owner_id.eq(owner))
        .filter(codes::purpose.eq(purpose))
        .filter(codes::created_at.ge(At(since)))
        .run(tx.conn())
        .await
}

/// Invalidates all codes of all of `owners`.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    diesel::delete(codes::table.filter(one_of(codes::owner_id, owners))).run(tx.conn()).await
}

/// Invalidates the codes for `purposes` of all of `owners`.
pub async fn delete_of_owners_for(tx: &mut Tx, owners: &[&str], purposes: &[CodePurpose]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    diesel::delete(codes::table)
        .filter(one_of(codes::owner_id, owners))
        .filter(codes::purpose.eq_any(purposes))
        .run(tx.conn())
        .await
}

/// The users with a code for `purpose` that has expired at `now`, the first expired first: `limit` after the first
/// `offset`.
pub async fn list_owners_of_expired(
    db: &Db,
    purpose: CodePurpose,
    now: Timestamp,
    (offset, limit): (i64, i64),
) -> Result<Vec<UserId>, Error> {
    codes::table
        .filter(codes::purpose.eq(purpose))
        .filter(codes::expires_at.le(At(now)))
        .order((codes::expires_at, codes::code_id))
        .select(codes::owner_id)
        .rows(offset, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}

/// Prunes codes that expired before `before`, except for scheduled deletions, which end with their account.
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<usize, Error> {
    diesel::delete(codes::table.filter(codes::expires_at.lt(At(before))))
        .filter(codes::purpose.ne(CodePurpose::CancelDeletion))
        .run_counted(tx.conn())
        .await
}
