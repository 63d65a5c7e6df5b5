//! Domains.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{Db, Tx, on};
use super::error::Error;
use super::rows::DomainRow;
use super::schema::domains;
use crate::domain::ids::DomainId;
use crate::domain::user::Domain;

/// The domain with this id.
pub async fn find(db: &Db, id: &DomainId) -> Result<Option<Domain>, Error> {
    let mut conn = db.conn().await?;
    let row: Option<DomainRow> = on!(&mut conn, c => {
        domains::table.find(id.as_str()).select(DomainRow::as_select()).first(c).await.optional()
    })?;
    row.map(TryInto::try_into).transpose()
}

/// The name of the domain with this id, within a transaction.
pub async fn find_name(tx: &mut Tx, id: &DomainId) -> Result<Option<String>, Error> {
    Ok(on!(tx.conn(), c => {
        domains::table.find(id.as_str()).select(domains::name).first(c).await.optional()
    })?)
}

/// The id of the only domain; `None` if there is no domain or more than one.
pub async fn find_only(db: &Db) -> Result<Option<DomainId>, Error> {
    let mut conn = db.conn().await?;
    let ids: Vec<String> = on!(&mut conn, c => domains::table.select(domains::domain_id).limit(2).load(c).await)?;
    let mut ids = ids.into_iter();
    Ok(ids.next().filter(|_| ids.len() == 0).map(DomainId::from_stored))
}

/// Whether there is any domain.
pub async fn exists(db: &Db) -> Result<bool, Error> {
    let mut conn = db.conn().await?;
    let found: Vec<String> = on!(&mut conn, c => domains::table.select(domains::domain_id).limit(1).load(c).await)?;
    Ok(!found.is_empty())
}
