//! Security events.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::bulk::insert_rows;
use super::columns::columns_of;
use super::db::{Db, Fetch, Run, Tx, Unlimited, on};
use super::dialect::page_limit;
use super::error::Error;
use super::rows::EventRow;
use super::schema::security_events;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::UserId;
use crate::domain::page::{Page, Paged};

/// Stores an event.
pub async fn insert(tx: &mut Tx, event: &SecurityEvent) -> Result<(), Error> {
    diesel::insert_into(security_events::table).values(event).run(tx.conn()).await?;
    tx.recorded.add(event);
    Ok(())
}

/// Has an event reported without storing it.
pub fn report(tx: &mut Tx, event: &SecurityEvent) {
    tx.recorded.add(event);
}

/// Stores many events.
pub async fn insert_many(tx: &mut Tx, events: &[SecurityEvent]) -> Result<(), Error> {
    insert_rows!(tx, security_events::table, events.iter().map(EventRow::from).collect::<Vec<_>>());
    tx.recorded.add_imported(events);
    Ok(())
}

/// The place in the list after which a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct After {
    /// When the event at that place happened.
    pub created_at: Timestamp,
    /// The key of that event.
    pub id: String,
}

/// A page of the events of a user's account that happened after `since`, newest first. During an upgrade, servers of the
/// next version store events of types that this one does not know; they are left out.
pub async fn list_by_owner(
    db: &Db,
    owner: &UserId,
    since: Timestamp,
    after: Option<&After>,
    page: &Page,
) -> Result<Paged<SecurityEvent>, Error> {
    use security_events::{created_at, event_id, event_type};
    let limit = page_limit(page.size);
    let events: Vec<SecurityEvent> = on!(&mut db.conn().await?, c => {
        let mut query = security_events::table
            .filter(security_events::owner_id.eq(owner))
            .filter(created_at.gt(At(since)))
            .filter(event_type.eq_any(SecurityEventType::ALL))
            .order((created_at.desc(), event_id.desc()))
            .select(columns_of::<SecurityEvent>())
            .into_boxed();
        if let Some(after) = after {
            let older = created_at.eq(At(after.created_at)).and(event_id.lt(after.id.as_str()));
            query = query.filter(created_at.lt(At(after.created_at)).or(older));
        }
        query.rows(0, limit).load(c).await
    })?;
    Ok(page.cut(events))
}

/// The user agents of the newest `limit` events of a type of a user's account, newest first.
pub async fn list_user_agents(
    tx: &mut Tx,
    owner: &UserId,
    event_type: SecurityEventType,
    limit: i64,
) -> Result<Vec<Option<String>>, Error> {
    security_events::table
        .filter(security_events::owner_id.eq(owner))
        .filter(security_events::event_type.eq(event_type))
        .order((security_events::created_at.desc(), security_events::event_id.desc()))
        .select(security_events::user_agent)
        .rows(0, limit)
        .fetch_all(tx.conn())
        .await
}

/// How many events of a user's account happened after `since`.
pub async fn count_by_owner(db: &Db, owner: &UserId, since: Timestamp) -> Result<i64, Error> {
    security_events::table
        .filter(security_events::owner_id.eq(owner))
        .filter(security_events::created_at.gt(At(since)))
        .filter(security_events::event_type.eq_any(SecurityEventType::ALL))
        .count()
        .fetch_one(&mut db.conn().await?)
        .await
}

/// Deletes all events of a user's account.
pub async fn delete_of_owner(tx: &mut Tx, owner: &UserId) -> Result<(), Error> {
    diesel::delete(security_events::table.filter(security_events::owner_id.eq(owner))).run(tx.conn()).await
}

/// Prunes events that happened before `before`.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<usize, Error> {
    diesel::delete(security_events::table.filter(security_events::created_at.lt(At(before))))
        .run_counted(tx.conn())
        .await
}
