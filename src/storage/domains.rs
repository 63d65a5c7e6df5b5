//! Domains.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{Db, Tx, on};
use super::error::Error;
use super::schema::domains;
use crate::domain::ids::DomainId;
use crate::domain::user::Domain;

/// The domain with this id.
pub async fn find(db: &Db, id: &DomainId) -> Result<Option<Domain>, Error> {
    let mut conn = db.conn().await?;
    Ok(on!(&mut conn, c => domains::table.find(id).select(Domain::as_select()).first(c).await.optional())?)
}

/// The name of the domain with this id, within a transaction.
pub async fn find_name(tx: &mut Tx, id: &DomainId) -> Result<Option<String>, Error> {
    Ok(on!(tx.conn(), c => domains::table.find(id).select(domains::name).first(c).await.optional())?)
}

/// The id of the only domain; `None` if there is no domain or more than one.
pub async fn find_only(db: &Db) -> Result<Option<DomainId>, Error> {
    let mut ids = first_ids(db, 2).await?;
    Ok(ids.pop().filter(|_| ids.is_empty()))
}

/// Whether there is any domain.
pub async fn exists(db: &Db) -> Result<bool, Error> {
    Ok(!first_ids(db, 1).await?.is_empty())
}

async fn first_ids(db: &Db, limit: i64) -> Result<Vec<DomainId>, Error> {
    let mut conn = db.conn().await?;
    Ok(on!(&mut conn, c => domains::table.select(domains::domain_id).limit(limit).load(c).await)?)
}
