//! Domains.

use diesel::prelude::*;

use super::columns::columns_of;
use super::db::{Db, Fetch, Tx, Unlimited};
use super::error::Error;
use super::schema::domains;
use crate::domain::ids::DomainId;
use crate::domain::user::Domain;

/// The domain with this id.
pub async fn find(db: &Db, id: &DomainId) -> Result<Option<Domain>, Error> {
    domains::table.find(id).select(columns_of::<Domain>()).fetch_optional(&mut db.conn().await?).await
}

/// The name of the domain with this id, within a transaction.
pub async fn find_name(tx: &mut Tx, id: &DomainId) -> Result<Option<String>, Error> {
    domains::table.find(id).select(domains::name).fetch_optional(tx.conn()).await
}

/// The id of the only domain; `None` if there is no domain or more than one.
pub async fn find_only(db: &Db) -> Result<Option<DomainId>, Error> {
    let mut ids = first_ids(db, 2).await?;
    Ok(ids.pop().filter(|_| ids.is_empty()))
}

/// All domains, in the order of their ids.
pub async fn list(db: &Db) -> Result<Vec<Domain>, Error> {
    domains::table.order(domains::domain_id).select(columns_of::<Domain>()).fetch_all(&mut db.conn().await?).await
}

/// Whether there is any domain.
pub async fn exists(db: &Db) -> Result<bool, Error> {
    Ok(!first_ids(db, 1).await?.is_empty())
}

async fn first_ids(db: &Db, limit: i64) -> Result<Vec<DomainId>, Error> {
    domains::table.select(domains::domain_id).rows(0, limit).fetch_all(&mut db.conn().await?).await
}
