//! Security events.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::bulk::insert_rows;
use super::db::{Db, Tx, on};
use super::error::Error;
use super::rows::stored_enum;
use super::schema::security_events;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::page::{Page, Paged};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = security_events, treat_none_as_default_value = false)]
struct Row {
    event_id: String,
    owner_id: String,
    event_type: String,
    created_at: At,
    client_address: Option<String>,
    user_agent: Option<String>,
    actor: String,
}

impl TryFrom<Row> for SecurityEvent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            event_type: stored_enum(&row.event_type, "security_events", "event_type", &row.event_id)?,
            actor: stored_enum(&row.actor, "security_events", "actor", &row.event_id)?,
            id: EventId::from_stored(row.event_id),
            owner_id: UserId::from_stored(row.owner_id),
            created_at: row.created_at.0,
            client_address: row.client_address,
            user_agent: row.user_agent,
        })
    }
}

impl From<&SecurityEvent> for Row {
    fn from(event: &SecurityEvent) -> Self {
        Self {
            event_id: event.id.to_string(),
            owner_id: event.owner_id.to_string(),
            event_type: event.event_type.as_str().to_owned(),
            created_at: At(event.created_at),
            client_address: event.client_address.clone(),
            user_agent: event.user_agent.clone(),
            actor: event.actor.as_str().to_owned(),
        }
    }
}

/// Stores an event.
pub async fn insert(tx: &mut Tx, event: &SecurityEvent) -> Result<(), Error> {
    let row = Row::from(event);
    on!(tx.conn(), c => diesel::insert_into(security_events::table).values(&row).execute(c).await)?;
    Ok(())
}

/// Stores many events.
pub async fn insert_many(tx: &mut Tx, events: &[SecurityEvent]) -> Result<(), Error> {
    insert_rows!(tx, security_events::table, events.iter().map(Row::from).collect::<Vec<_>>());
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

/// A page of the events of a user's account that happened after `since`, newest first.
pub async fn list_by_owner(
    db: &Db,
    owner: &UserId,
    since: Timestamp,
    after: Option<&After>,
    page: &Page,
) -> Result<Paged<SecurityEvent>, Error> {
    use security_events::{created_at, event_id};
    let limit = i64::try_from(page.size).unwrap_or(i64::MAX).saturating_add(1);
    let mut conn = db.conn().await?;
    let rows: Vec<Row> = on!(&mut conn, c => {
        let mut query = security_events::table
            .filter(security_events::owner_id.eq(owner.as_str()))
            .filter(created_at.gt(At(since)))
            .order((created_at.desc(), event_id.desc()))
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(after) = after {
            let older = created_at.eq(At(after.created_at)).and(event_id.lt(after.id.as_str()));
            query = query.filter(created_at.lt(At(after.created_at)).or(older));
        }
        query.load(c).await
    })?;
    let events = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>()?;
    Ok(page.cut(events))
}

/// The user agents of the newest `limit` events of a type of a user's account, newest first.
pub async fn list_user_agents(
    tx: &mut Tx,
    owner: &UserId,
    event_type: SecurityEventType,
    limit: i64,
) -> Result<Vec<Option<String>>, Error> {
    Ok(on!(tx.conn(), c => {
        security_events::table
            .filter(security_events::owner_id.eq(owner.as_str()))
            .filter(security_events::event_type.eq(event_type.as_str()))
            .order((security_events::created_at.desc(), security_events::event_id.desc()))
            .limit(limit)
            .select(security_events::user_agent)
            .load(c)
            .await
    })?)
}

/// How many events of a user's account happened after `since`.
pub async fn count_by_owner(db: &Db, owner: &UserId, since: Timestamp) -> Result<i64, Error> {
    let mut conn = db.conn().await?;
    Ok(on!(&mut conn, c => {
        security_events::table
            .filter(security_events::owner_id.eq(owner.as_str()))
            .filter(security_events::created_at.gt(At(since)))
            .count()
            .get_result(c)
            .await
    })?)
}

/// Prunes events that happened before `before`.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<usize, Error> {
    Ok(on!(tx.conn(), c => {
        diesel::delete(security_events::table.filter(security_events::created_at.lt(At(before)))).execute(c).await
    })?)
}
