//! What this database is: a few named facts about the installation itself.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{Db, on};
use super::error::Error;
use super::schema::installation;

/// The fact of this name.
pub async fn find(db: &Db, name: &str) -> Result<Option<String>, Error> {
    let mut conn = db.conn().await?;
    Ok(on!(&mut conn, c => installation::table.find(name).select(installation::value).first(c).await.optional())?)
}

/// Notes a fact unless there is one of this name, and tells the one that is there now: of several who note at once, all
/// learn the same.
pub async fn find_or_insert(db: &Db, name: &str, value: &str) -> Result<String, Error> {
    let mut conn = db.conn().await?;
    on!(&mut conn, c => {
        diesel::insert_into(installation::table)
            .values((installation::name.eq(name), installation::value.eq(value)))
            .on_conflict(installation::name)
            .do_nothing()
            .execute(c)
            .await
    })?;
    Ok(on!(&mut conn, c => installation::table.find(name).select(installation::value).first(c).await)?)
}
