//! Sessions, and look-ups by the digests of their tokens.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::columns::columns_of;
use super::db::{Conn, Db, Fetch, Run, Tx, Unlimited, on};
use super::error::{Error, changed_one};
use super::pairs::one_of;
use super::schema::{domains, session_tokens, sessions, users};
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::ids::{DomainId, SessionId, UserId};
use crate::domain::session::{Session, TokenPurpose};
use crate::domain::token::TokenDigest;
use crate::domain::user::{Domain, User};

type CallerRow = (Session, User, Domain);

fn to_caller((session, user, domain): CallerRow) -> Caller {
    Caller { session, user, domain }
}

/// The statement that reads the caller that an access token identifies: token, session, user, and domain. No row if the
/// token is unknown or expired.
macro_rules! caller_of {
    ($digest:expr, $now:expr) => {
        session_tokens::table
            .inner_join(sessions::table.on(sessions::session_id.eq(session_tokens::session_id)))
            .inner_join(users::table.on(users::id.eq(sessions::owner_id)))
            .inner_join(domains::table.on(domains::domain_id.eq(users::domain_id)))
            .filter(session_tokens::digest.eq($digest))
            .filter(session_tokens::purpose.eq(TokenPurpose::Access))
            .filter(session_tokens::expires_at.gt(At($now)))
            .select(columns_of::<CallerRow>())
    };
}

/// The caller that an access token identifies.
pub(super) async fn find_caller(
    conn: &mut Conn,
    digest: &TokenDigest,
    now: Timestamp,
) -> Result<Option<Caller>, Error> {
    let row: Option<CallerRow> = caller_of!(digest, now).fetch_optional(conn).await?;
    Ok(row.map(to_caller))
}

/// The same, on a connection to SQLite.
pub(super) fn find_caller_on_sqlite(
    conn: &mut SqliteConnection,
    digest: &TokenDigest,
    now: Timestamp,
) -> QueryResult<Option<Caller>> {
    let row: Option<CallerRow> = diesel::RunQueryDsl::get_result(caller_of!(digest, now), conn).optional()?;
    Ok(row.map(to_caller))
}

/// A submitted refresh token, and the caller that it belongs to.
pub struct SubmittedRefreshToken {
    /// The session, user, and domain.
    pub caller: Caller,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// When the token was rotated, if it was.
    pub rotated_at: Option<Timestamp>,
}

/// The state of a refresh token. Locks its session until the transaction ends.
pub async fn find_refresh(tx: &mut Tx, digest: &TokenDigest) -> Result<Option<SubmittedRefreshToken>, Error> {
    // Locks the session first, so that of two concurrent rotations one sees the effect of the other.
    lock_session_of(tx, digest).await?;
    let row: Option<(CallerRow, Timestamp, Option<Timestamp>)> = session_tokens::table
        .inner_join(sessions::table.on(sessions::session_id.eq(session_tokens::session_id)))
        .inner_join(users::table.on(users::id.eq(sessions::owner_id)))
        .inner_join(domains::table.on(domains::domain_id.eq(users::domain_id)))
        .filter(session_tokens::digest.eq(digest))
        .filter(session_tokens::purpose.eq(TokenPurpose::Refresh))
        .select((columns_of::<CallerRow>(), session_tokens::expires_at, session_tokens::rotated_at))
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|(caller, expires_at, rotated_at)| SubmittedRefreshToken {
        caller: to_caller(caller),
        expires_at,
        rotated_at,
    }))
}

/// Locks the user and then the session of a token. Every transaction that locks both does so in this order, so that no
/// two wait for each other. If either does not exist, the next statement finds nothing. On SQLite, the transaction already
/// holds the only write lock.
async fn lock_session_of(tx: &mut Tx, digest: &TokenDigest) -> Result<(), Error> {
    let session = session_tokens::table.filter(session_tokens::digest.eq(digest)).select(session_tokens::session_id);
    let sessions = sessions::table.filter(sessions::session_id.eq_any(session));
    if let Conn::Pg(c) = tx.conn() {
        let owner = sessions.select(sessions::owner_id);
        c.send_lock(&users::table.filter(users::id.eq_any(owner)).select(users::id).for_update()).await?;
    }
    if let Conn::Pg(c) = tx.conn() {
        c.send_lock(&sessions.select(sessions::session_id).for_update()).await?;
    }
    Ok(())
}

/// The caller of a session as currently stored, if the session still lasts. Locks user and session until the
/// transaction ends. `None` if either was deleted or replaced during the wait for the lock.
pub async fn find_caller_locked(
    tx: &mut Tx,
    owner: &UserId,
    session: &SessionId,
    now: Timestamp,
) -> Result<Option<Caller>, Error> {
    if let Conn::Pg(c) = tx.conn() {
        c.send_lock(&users::table.find(owner).select(users::id).for_update()).await?;
    }
    if let Conn::Pg(c) = tx.conn() {
        c.send_lock(&sessions::table.find(session).select(sessions::session_id).for_update()).await?;
    }
    let row: Option<CallerRow> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::owner_id)))
        .inner_join(domains::table.on(domains::domain_id.eq(users::domain_id)))
        .filter(sessions::session_id.eq(session))
        .filter(sessions::owner_id.eq(owner))
        .filter(sessions::expires_at.gt(At(now)))
        .select(columns_of::<CallerRow>())
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(to_caller))
}

/// Sets columns of one session.
macro_rules! update {
    ($tx:expr, $id:expr, $values:expr) => {{
        let changed = diesel::update(sessions::table.find($id)).set($values).run_counted($tx.conn()).await?;
        changed_one(changed, "sessions", $id.as_str())
    }};
}

/// Records that the user of a session authenticated again. [`Gone`](Error::Gone) if there is no such session.
pub async fn update_authenticated(tx: &mut Tx, id: &SessionId, now: Timestamp) -> Result<(), Error> {
    update!(tx, id, sessions::authenticated_at.eq(At(now)))
}

/// Stores a new session.
pub async fn insert(tx: &mut Tx, session: &Session, domain: &DomainId) -> Result<(), Error> {
    let row = (session, sessions::domain_id.eq(domain));
    diesel::insert_into(sessions::table).values(row).run(tx.conn()).await
}

/// Records that a session was used, and its new expiration time. [`Gone`](Error::Gone) if there is no such session.
pub async fn touch(tx: &mut Tx, id: &SessionId, used_at: Timestamp, expires_at: Timestamp) -> Result<(), Error> {
    update!(tx, id, (sessions::last_used_at.eq(At(used_at)), sessions::expires_at.eq(At(expires_at))))
}

/// The valid sessions of a user, last used first.
pub async fn list_by_owner(db: &Db, owner: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
    sessions::table
        .filter(sessions::owner_id.eq(owner))
        .filter(sessions::expires_at.gt(At(now)))
        .order((sessions::last_used_at.desc(), sessions::session_id))
        .select(columns_of::<Session>())
        .fetch_all(&mut db.conn().await?)
        .await
}

/// The sessions of a user to delete.
#[derive(Debug, Clone, Copy)]
pub enum SessionSelection<'a> {
    /// One.
    One(&'a SessionId),
    /// All but one.
    AllBut(&'a SessionId),
    /// All.
    All,
    /// All but the given number of the most recently used.
    AllButNewest(i64),
}

/// Ends sessions of a user, and returns how many of them were valid.
pub async fn delete(
    tx: &mut Tx,
    owner: &UserId,
    selection: SessionSelection<'_>,
    now: Timestamp,
) -> Result<usize, Error> {
    let kept = if let SessionSelection::AllButNewest(number) = selection { number } else { 0 };
    let rows: Vec<(String, Timestamp)> = on!(tx.conn(), c => {
        let mut query = sessions::table
            .filter(sessions::owner_id.eq(owner))
            .order((sessions::last_used_at.desc(), sessions::created_at.desc(), sessions::session_id))
            .select((sessions::session_id, sessions::expires_at))
            .into_boxed();
        query = match selection {
            SessionSelection::One(id) => query.filter(sessions::session_id.eq(id)),
            SessionSelection::AllBut(id) => query.filter(sessions::session_id.ne(id)),
            SessionSelection::All | SessionSelection::AllButNewest(_) => query,
        };
        query.rows(kept, i64::MAX).load(c).await
    })?;
    let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    // Sessions first; see `delete_where`.
    diesel::delete(sessions::table.filter(sessions::session_id.eq_any(&ids))).run(tx.conn()).await?;
    delete_tokens(tx, &ids).await?;
    Ok(rows.iter().filter(|(_, expires_at)| *expires_at > now).count())
}

/// Deletes the sessions that match `$condition`, and their tokens. Sessions first: this waits for a concurrent refresh,
/// and then sees the tokens that the refresh created.
macro_rules! delete_where {
    ($tx:expr, $condition:expr) => {{
        let ended: Vec<String> = diesel::delete(sessions::table.filter($condition))
            .returning(sessions::session_id)
            .fetch_all($tx.conn())
            .await?;
        delete_tokens($tx, &ended.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        ended.len()
    }};
}

/// Ends all sessions of all of `owners`.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    delete_where!(tx, one_of(sessions::owner_id, owners));
    Ok(())
}

/// The valid sessions of a domain with the user ids of their owners, last used first.
pub async fn list_by_domain(
    db: &Db,
    domain: &DomainId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(Session, String)>, Error> {
    sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::owner_id)))
        .filter(sessions::domain_id.eq(domain))
        .filter(sessions::expires_at.gt(At(now)))
        .order((sessions::last_used_at.desc(), sessions::session_id))
        .select((columns_of::<Session>(), users::user_id))
        .rows(0, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}

/// Ends all sessions of all of `domains`.
pub async fn delete_of_domains(tx: &mut Tx, domains: &[&str]) -> Result<(), Error> {
    delete_where!(tx, one_of(sessions::domain_id, domains));
    Ok(())
}

/// Prunes expired sessions and tokens, and returns how many sessions there were.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<usize, Error> {
    let expired = delete_where!(tx, sessions::expires_at.le(At(now)));
    diesel::delete(session_tokens::table)
        .filter(session_tokens::expires_at.le(At(now)))
        .filter(session_tokens::purpose.eq(TokenPurpose::Access))
        .run(tx.conn())
        .await?;
    Ok(expired)
}

/// How many sessions one statement names. SQLite accepts about 30,000 values.
const SESSIONS_PER_STATEMENT: usize = 1000;

async fn delete_tokens(tx: &mut Tx, sessions: &[&str]) -> Result<(), Error> {
    for some in sessions.chunks(SESSIONS_PER_STATEMENT) {
        let is_of_session = one_of(session_tokens::session_id, some);
        diesel::delete(session_tokens::table.filter(is_of_session)).run(tx.conn()).await?;
    }
    Ok(())
}
