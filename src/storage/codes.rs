//! Pending codes and one-time tokens.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{Db, Tx, on};
use super::error::Error;
use super::pairs::OneOf;
use super::rows::{stored_email, stored_enum};
use super::schema::codes;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::code::{Code, CodePurpose, UndoLink};
use crate::domain::ids::{CodeId, SessionId, UserId};
use crate::domain::token::TokenDigest;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = codes, treat_none_as_default_value = false)]
struct Row {
    code_id: String,
    owner_id: String,
    purpose: String,
    address: Option<String>,
    address_key: Option<String>,
    session_id: Option<String>,
    digest: Option<Vec<u8>>,
    otp_secret: Option<Vec<u8>>,
    tries: i32,
    created_at: At,
    expires_at: At,
}

impl TryFrom<Row> for Code {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let digest = row.digest.map(|digest| {
            digest.try_into().map_err(|_| Error::Corrupt { table: "codes", column: "digest", id: row.code_id.clone() })
        });
        Ok(Self {
            purpose: stored_enum(&row.purpose, "codes", "purpose", &row.code_id)?,
            digest: digest.transpose()?,
            id: CodeId::from_stored(row.code_id),
            owner_id: UserId::from_stored(row.owner_id),
            address: stored_email(row.address, row.address_key),
            session_id: row.session_id.map(SessionId::from_stored),
            otp_secret: row.otp_secret,
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        })
    }
}

impl From<&Code> for Row {
    fn from(code: &Code) -> Self {
        Self {
            code_id: code.id.to_string(),
            owner_id: code.owner_id.to_string(),
            purpose: code.purpose.as_str().to_owned(),
            address: code.address.as_ref().map(|address| address.as_str().to_owned()),
            address_key: code.address.as_ref().map(|address| address.key().to_owned()),
            session_id: code.session_id.as_ref().map(ToString::to_string),
            digest: code.digest.map(Vec::from),
            otp_secret: code.otp_secret.clone(),
            tries: i32::try_from(code.tries).unwrap_or(i32::MAX),
            created_at: At(code.created_at),
            expires_at: At(code.expires_at),
        }
    }
}

/// Stores a new code, and the digest of the token that identifies it, if there is one.
pub async fn insert(tx: &mut Tx, code: &Code, token: Option<&TokenDigest>) -> Result<(), Error> {
    let row = Row::from(code);
    let token = codes::token.eq(token.map(<[u8; 32]>::as_slice));
    on!(tx.conn(), c => diesel::insert_into(codes::table).values((&row, token)).execute(c).await)?;
    Ok(())
}

/// The newest code of a user for one of `purposes`, expired or not.
pub async fn find(db: &Db, owner: &UserId, purposes: &[CodePurpose]) -> Result<Option<Code>, Error> {
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    let mut conn = db.conn().await?;
    let row: Option<Row> = on!(&mut conn, c => {
        codes::table
            .filter(codes::owner_id.eq(owner.as_str()))
            .filter(codes::purpose.eq_any(purposes))
            .order((codes::created_at.desc(), codes::code_id))
            .select(Row::as_select())
            .first(c)
            .await
            .optional()
    })?;
    row.map(TryInto::try_into).transpose()
}

/// The code or token for `purpose` that a token identifies.
pub async fn find_by_token(db: &Db, token: &TokenDigest, purpose: CodePurpose) -> Result<Option<Code>, Error> {
    let mut conn = db.conn().await?;
    let row: Option<Row> = on!(&mut conn, c => {
        codes::table
            .filter(codes::token.eq(token.as_slice()))
            .filter(codes::purpose.eq(purpose.as_str()))
            .select(Row::as_select())
            .first(c)
            .await
            .optional()
    })?;
    row.map(TryInto::try_into).transpose()
}

/// A code, as seen by the transaction.
pub async fn find_within(tx: &mut Tx, id: &CodeId) -> Result<Option<Code>, Error> {
    let row: Option<Row> = on!(tx.conn(), c => {
        codes::table.find(id.as_str()).select(Row::as_select()).first(c).await.optional()
    })?;
    row.map(TryInto::try_into).transpose()
}

/// Counts an attempt, if fewer than `max_tries` were counted and the code has not expired. Returns `None` if the
/// attempt was not counted. Concurrent attempts never exceed the limit.
pub async fn charge(tx: &mut Tx, id: &CodeId, max_tries: u32, now: Timestamp) -> Result<Option<u32>, Error> {
    let max_tries = i32::try_from(max_tries).unwrap_or(i32::MAX);
    let tries: Option<i32> = on!(tx.conn(), c => {
        diesel::update(codes::table.find(id.as_str()))
            .filter(codes::tries.lt(max_tries))
            .filter(codes::expires_at.gt(At(now)))
            .set(codes::tries.eq(codes::tries + 1))
            .returning(codes::tries)
            .get_result(c)
            .await
            .optional()
    })?;
    Ok(tries.map(|tries| u32::try_from(tries).unwrap_or(u32::MAX)))
}

/// Removes an attempt from the count of a code, if the code still exists.
pub async fn uncharge(tx: &mut Tx, id: &CodeId) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::update(codes::table.find(id.as_str()))
            .filter(codes::tries.gt(0))
            .set(codes::tries.eq(codes::tries - 1))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Consumes a code, if it still exists and has not expired, and returns whether it did. Of concurrent attempts, only
/// one consumes it.
pub async fn take(tx: &mut Tx, id: &CodeId, now: Timestamp) -> Result<bool, Error> {
    let taken = on!(tx.conn(), c => {
        diesel::delete(codes::table.find(id.as_str())).filter(codes::expires_at.gt(At(now))).execute(c).await
    })?;
    Ok(taken == 1)
}

/// Invalidates a user's codes for `purposes`, and returns how many there were.
pub async fn delete(tx: &mut Tx, owner: &UserId, purposes: &[CodePurpose]) -> Result<usize, Error> {
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    Ok(on!(tx.conn(), c => {
        diesel::delete(codes::table)
            .filter(codes::owner_id.eq(owner.as_str()))
            .filter(codes::purpose.eq_any(purposes))
            .execute(c)
            .await
    })?)
}

/// The links of all of `owners` that undo a change of the email address and are valid at `now`.
pub async fn list_undo_links(tx: &mut Tx, owners: &[&str], now: Timestamp) -> Result<Vec<UndoLink>, Error> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, Option<String>, At)> = on!(tx.conn(), c => {
        codes::table
            .filter(codes::owner_id.eq_any(owners))
            .filter(codes::purpose.eq(CodePurpose::UndoEmailChange.as_str()))
            .filter(codes::expires_at.gt(At(now)))
            .select((codes::owner_id, codes::address_key, codes::created_at))
            .load(c)
            .await
    })?;
    let links = rows.into_iter().filter_map(|(owner, address_key, created_at)| {
        Some(UndoLink { owner_id: UserId::from_stored(owner), address_key: address_key?, created_at: created_at.0 })
    });
    Ok(links.collect())
}

/// Invalidates a user's codes for `purpose` that were created at `since` or later.
pub async fn delete_since(tx: &mut Tx, owner: &UserId, purpose: CodePurpose, since: Timestamp) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::delete(codes::table)
            .filter(codes::owner_id.eq(owner.as_str()))
            .filter(codes::purpose.eq(purpose.as_str()))
            .filter(codes::created_at.ge(At(since)))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Invalidates all codes of all of `owners`.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), c => {
        diesel::delete(codes::table.filter(OneOf::column(codes::owner_id, owners))).execute(c).await
    })?;
    Ok(())
}

/// Invalidates the codes for `purposes` of all of `owners`.
pub async fn delete_of_owners_for(tx: &mut Tx, owners: &[&str], purposes: &[CodePurpose]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    on!(tx.conn(), c => {
        diesel::delete(codes::table)
            .filter(OneOf::column(codes::owner_id, owners))
            .filter(codes::purpose.eq_any(purposes))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Prunes codes that expired before `before`.
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<(), Error> {
    on!(tx.conn(), c => diesel::delete(codes::table.filter(codes::expires_at.lt(At(before)))).execute(c).await)?;
    Ok(())
}
