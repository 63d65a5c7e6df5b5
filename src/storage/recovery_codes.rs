//! The digests of unused recovery codes.

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::db::{Conn, Db, Fetch, Run, Tx};
use super::error::Error;
use super::pairs::one_of;
use super::schema::recovery_codes;
use crate::domain::ids::UserId;
use crate::domain::secret::Digest;

/// How many recovery codes a user has left.
pub async fn count(db: &Db, owner: &UserId) -> Result<u32, Error> {
    count_on(&mut db.conn().await?, owner).await
}

/// The same, as seen by the transaction.
pub async fn count_within(tx: &mut Tx, owner: &UserId) -> Result<u32, Error> {
    count_on(tx.conn(), owner).await
}

async fn count_on(conn: &mut Conn, owner: &UserId) -> Result<u32, Error> {
    let count: i64 = recovery_codes::table.filter(recovery_codes::owner_id.eq(owner)).count().fetch_one(conn).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Replaces all recovery codes of a user with `digests`, which may be empty.
pub async fn replace(tx: &mut Tx, owner: &UserId, digests: &[Digest]) -> Result<(), Error> {
    delete_of_owners(tx, &[owner.as_str()]).await?;
    let row = |digest: &Digest| (recovery_codes::owner_id.eq(owner.clone()), recovery_codes::digest.eq(*digest));
    let rows: Vec<_> = digests.iter().map(row).collect();
    insert_rows!(tx, recovery_codes::table, rows);
    Ok(())
}

/// Consumes a recovery code, and returns whether it was unused. Of concurrent uses, only one succeeds.
pub async fn consume(tx: &mut Tx, owner: &UserId, digest: &Digest) -> Result<bool, Error> {
    let deleted = diesel::delete(recovery_codes::table.find((owner, digest))).run_counted(tx.conn()).await?;
    Ok(deleted == 1)
}

/// Deletes all recovery codes of all of `owners`.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    diesel::delete(recovery_codes::table.filter(one_of(recovery_codes::owner_id, owners))).run(tx.conn()).await
}
