//! Facts about the installation itself, by name.

use diesel::prelude::*;

use super::db::{Db, Fetch, Run};
use super::error::Error;
use super::schema::installation;

/// The fact with this name.
pub async fn find(db: &Db, name: &str) -> Result<Option<String>, Error> {
    installation::table.find(name).select(installation::value).fetch_optional(&mut db.conn().await?).await
}

/// Replaces a fact unless it has changed, and returns whether it did.
pub async fn replace(db: &Db, name: &str, before: &str, after: &str) -> Result<bool, Error> {
    let replaced = diesel::update(installation::table.find(name))
        .filter(installation::value.eq(before))
        .set(installation::value.eq(after))
        .run_counted(&mut db.conn().await?)
        .await?;
    Ok(replaced == 1)
}

/// Stores a fact unless there is one with this name, and returns the stored one: of several concurrent callers, all get
/// the same.
pub async fn find_or_insert(db: &Db, name: &str, value: &str) -> Result<String, Error> {
    let mut conn = db.conn().await?;
    diesel::insert_into(installation::table)
        .values((installation::name.eq(name), installation::value.eq(value)))
        .on_conflict(installation::name)
        .do_nothing()
        .run(&mut conn)
        .await?;
    installation::table.find(name).select(installation::value).fetch_one(&mut conn).await
}
