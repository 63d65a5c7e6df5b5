//! Passkeys. They are deleted with their user, by a foreign key.

use diesel::prelude::*;

use super::columns::columns_of;
use super::db::{Db, Fetch, Run, Tx};
use super::error::Error;
use super::schema::passkeys;
use crate::clock::Timestamp;
use crate::domain::ids::{PasskeyId, UserId};
use crate::domain::passkey::Passkey;
use crate::domain::profile_text::Name;

/// Stores a new passkey. [`Conflict`](Error::Conflict) if its credential is stored already.
pub async fn insert(tx: &mut Tx, passkey: &Passkey) -> Result<(), Error> {
    diesel::insert_into(passkeys::table).values(passkey).run_counted(tx.conn()).await.map(drop)
}

macro_rules! of_owner {
    ($conn:expr, $owner:expr) => {
        passkeys::table
            .filter(passkeys::owner_id.eq($owner))
            .order((passkeys::created_at, passkeys::passkey_id))
            .select(columns_of::<Passkey>())
            .fetch_all($conn)
            .await
    };
}

/// The passkeys of a user, the oldest first.
pub async fn list(db: &Db, owner: &UserId) -> Result<Vec<Passkey>, Error> {
    of_owner!(&mut db.conn().await?, owner)
}

/// The same, as seen by the transaction.
pub async fn list_within(tx: &mut Tx, owner: &UserId) -> Result<Vec<Passkey>, Error> {
    of_owner!(tx.conn(), owner)
}

/// The passkey with this id of its credential.
pub async fn find_by_credential(db: &Db, credential_id: &[u8]) -> Result<Option<Passkey>, Error> {
    passkeys::table
        .filter(passkeys::credential_id.eq(credential_id))
        .select(columns_of::<Passkey>())
        .fetch_optional(&mut db.conn().await?)
        .await
}

/// The same, as seen by the transaction.
pub async fn find_by_credential_within(tx: &mut Tx, credential_id: &[u8]) -> Result<Option<Passkey>, Error> {
    passkeys::table
        .filter(passkeys::credential_id.eq(credential_id))
        .select(columns_of::<Passkey>())
        .fetch_optional(tx.conn())
        .await
}

/// Stores the state of a passkey after its user has authenticated with it, and returns whether it still exists.
pub async fn update_used(
    tx: &mut Tx,
    id: &PasskeyId,
    (credential, is_backed_up): (&str, bool),
    now: Timestamp,
) -> Result<bool, Error> {
    let updated = diesel::update(passkeys::table.find(id))
        .set((
            passkeys::credential.eq(credential),
            passkeys::is_backed_up.eq(is_backed_up),
            passkeys::last_used_at.eq(Some(now)),
        ))
        .run_counted(tx.conn())
        .await?;
    Ok(updated == 1)
}

/// Gives a passkey of a user another name, and returns it. `None` if the user has no such passkey.
pub async fn rename(tx: &mut Tx, owner: &UserId, id: &PasskeyId, name: &Name) -> Result<Option<Passkey>, Error> {
    diesel::update(passkeys::table.find(id))
        .filter(passkeys::owner_id.eq(owner))
        .set(passkeys::name.eq(name))
        .returning(columns_of::<Passkey>())
        .fetch_optional(tx.conn())
        .await
}

/// Deletes a passkey of a user, and returns its name. `None` if the user has no such passkey.
pub async fn delete(tx: &mut Tx, owner: &UserId, id: &PasskeyId) -> Result<Option<Name>, Error> {
    diesel::delete(passkeys::table.find(id))
        .filter(passkeys::owner_id.eq(owner))
        .returning(passkeys::name)
        .fetch_optional(tx.conn())
        .await
}
