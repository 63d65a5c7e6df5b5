//! The caller together with what a request selects of the first screen, in one round trip.

mod postgres;
mod sqlite;

use super::db::{Conn, Db};
use super::error::Error;
use super::sessions;
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::first_screen::{FirstScreen, Selected};
use crate::domain::token::TokenDigest;

/// The caller that an access token identifies, and the selected lists. `None` if the token is unknown or expired. The
/// lists of an admin are not read: they begin with the workspaces of the domain instead of the bindings of a user.
pub async fn find(
    db: &Db,
    digest: &TokenDigest,
    now: Timestamp,
    selected: Selected,
) -> Result<Option<(Caller, FirstScreen)>, Error> {
    if let Some(lane) = db.quick_lane()? {
        return postgres::find(lane, digest, now, selected).await;
    }
    let mut conn = db.conn().await?;
    match &mut conn {
        Conn::Sqlite(conn) if selected != Selected::default() => {
            let digest = *digest;
            db.count(selected.lists());
            Ok(conn.spawn_blocking(move |conn| sqlite::find(conn, &digest, now, selected)).await?)
        }
        _ => Ok(sessions::find_caller(&mut conn, digest, now).await?.map(|caller| (caller, FirstScreen::default()))),
    }
}
