//! Users.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::columns::columns_of;
use super::db::{Conn, Db, Fetch, Run, Tx, Unlimited, on};
use super::error::{Error, changed_one};
use super::pairs::after_pair;
use super::rows::ChangedUserRow;
use super::schema::{codes, domains, sessions, users};
use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::ids::{DomainId, UserId};
use crate::domain::login::LoginId;
use crate::domain::mfa::{MfaState, MfaType};
use crate::domain::user::{Domain, User, UserRoleType, UserState};

/// A user with the data that is needed to authenticate them.
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The user's domain.
    pub domain: Domain,
    /// The password hash, if the user has one.
    pub password_hash: Option<String>,
}

/// The one user that matches `$condition`, with the data that is needed to authenticate them.
macro_rules! credentials_where {
    ($conn:expr, $condition:expr) => {{
        let row: Option<(User, Domain, Option<String>)> = users::table
            .inner_join(domains::table)
            .filter($condition)
            .select((columns_of::<User>(), columns_of::<Domain>(), users::password_hash))
            .fetch_optional($conn)
            .await?;
        Ok(row.map(|(user, domain, password_hash)| Credentials { user, domain, password_hash }))
    }};
}

/// The scheduled deletion of a user, in a query of users.
macro_rules! scheduled_deletion {
    () => {
        codes::table.filter(codes::owner_id.eq(users::id)).filter(codes::purpose.eq(CodePurpose::CancelDeletion))
    };
}

/// The user with the user id `login` in `domain`, with their password hash.
pub async fn find_credentials(db: &Db, domain: &DomainId, login: &LoginId) -> Result<Option<Credentials>, Error> {
    credentials_where!(&mut db.conn().await?, users::domain_id.eq(domain).and(users::user_id_key.eq(login.key())))
}

/// The same, for a known user, who stays locked until the transaction ends. Their domain is only read, because other
/// users of it may be signing in at the same time. `None` if the user is unknown, or was deleted or replaced during the
/// wait for the lock.
pub async fn find_credentials_locked(tx: &mut Tx, id: &UserId) -> Result<Option<Credentials>, Error> {
    if !lock(tx, id).await? {
        return Ok(None);
    }
    credentials_where!(tx.conn(), users::id.eq(id))
}

/// Locks a user until the transaction ends, and returns whether they existed. If it returns `false`, the transaction
/// holds no lock and must not continue, even if a later statement finds a row with this id: that is another row, which
/// is not locked. On SQLite, the transaction already holds the only write lock.
pub async fn lock(tx: &mut Tx, id: &UserId) -> Result<bool, Error> {
    let Conn::Pg(c) = tx.conn() else { return Ok(true) };
    let locked: Option<String> = users::table.find(id).select(users::id).for_update().first(c).await.optional()?;
    Ok(locked.is_some())
}

/// The user with the user id `login` in `domain`, who stays locked until the transaction ends. The returned row is the
/// locked one: both are one statement.
pub async fn find_locked(tx: &mut Tx, domain: &DomainId, login: &LoginId) -> Result<Option<User>, Error> {
    macro_rules! query {
        () => {
            users::table
                .filter(users::domain_id.eq(domain))
                .filter(users::user_id_key.eq(login.key()))
                .select(columns_of::<User>())
        };
    }
    Ok(match tx.conn() {
        Conn::Pg(c) => query!().for_update().first(c).await.optional(),
        Conn::Sqlite(c) => query!().first(c).await.optional(),
    }?)
}

/// Stores a new user. [`Conflict`](Error::Conflict) if the user id or the verified address is taken.
pub async fn insert(tx: &mut Tx, user: &User, password_hash: Option<&str>) -> Result<(), Error> {
    let row = (user, users::password_hash.eq(password_hash));
    diesel::insert_into(users::table).values(row).run_counted(tx.conn()).await.map(drop)
}

/// The credentials of the user with this `id`, without a lock.
pub async fn find_credentials_by_id(db: &Db, id: &UserId) -> Result<Option<Credentials>, Error> {
    credentials_where!(&mut db.conn().await?, users::id.eq(id))
}

/// Whether another user of the domain has this verified address.
pub async fn is_verified_elsewhere(tx: &mut Tx, user: &User, email_key: &str) -> Result<bool, Error> {
    let others: i64 = users::table
        .filter(users::domain_id.eq(&user.domain_id))
        .filter(users::email_key.eq(email_key))
        .filter(users::email_verified)
        .filter(users::id.ne(&user.id))
        .count()
        .fetch_one(tx.conn())
        .await?;
    Ok(others > 0)
}

/// Whether the user's domain has another ENABLED admin, whose account is not going to be deleted.
pub async fn has_another_admin(tx: &mut Tx, user: &User) -> Result<bool, Error> {
    let others: i64 = users::table
        .filter(users::domain_id.eq(&user.domain_id))
        .filter(users::role_type.eq(UserRoleType::DomainAdmin))
        .filter(users::state.eq(UserState::Enabled))
        .filter(users::id.ne(&user.id))
        .filter(not(exists(scheduled_deletion!())))
        .count()
        .fetch_one(tx.conn())
        .await?;
    Ok(others > 0)
}

/// Which users to list.
#[derive(Debug, Clone, Default)]
pub struct UserSelection {
    /// Only those of this domain.
    pub domain_id: Option<DomainId>,
    /// Only those in this state.
    pub state: Option<UserState>,
    /// Only those whose MFA is in this state.
    pub mfa_state: Option<MfaState>,
    /// Only those with this factor.
    pub mfa_type: Option<MfaType>,
    /// Only those whose accounts are going to be deleted.
    pub is_to_be_deleted: bool,
}

/// The first `limit` selected users after a domain and a comparison key of a user id, in the order of both.
pub async fn list(
    db: &Db,
    selection: &UserSelection,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<User>, Error> {
    let UserSelection { domain_id, state, mfa_state, mfa_type, is_to_be_deleted } = selection;
    Ok(on!(&mut db.conn().await?, c => {
        let mut query = users::table
            .order((users::domain_id, users::user_id_key))
            .select(columns_of::<User>())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(after_pair(users::domain_id, users::user_id_key, after));
        }
        if let Some(domain_id) = domain_id {
            query = query.filter(users::domain_id.eq(domain_id));
        }
        if let Some(state) = state {
            query = query.filter(users::state.eq(state));
        }
        if let Some(state) = mfa_state {
            query = query.filter(users::mfa_state.eq(state));
        }
        if let Some(mfa_type) = mfa_type {
            query = query.filter(users::mfa_type.eq(mfa_type));
        }
        if *is_to_be_deleted {
            query = query.filter(exists(scheduled_deletion!()));
        }
        query.rows(0, limit).load(c).await
    })?)
}

/// The users of a domain who have sessions, valid or not, or are about to sign in: the first `limit` after the id `after`,
/// in the order of ids.
pub async fn list_signed_in(
    db: &Db,
    domain: &DomainId,
    after: Option<&UserId>,
    limit: i64,
) -> Result<Vec<UserId>, Error> {
    let has_session = exists(sessions::table.filter(sessions::owner_id.eq(users::id)));
    let challenges = codes::table.filter(codes::owner_id.eq(users::id)).filter(codes::purpose.eq(CodePurpose::SignIn));
    users::table
        .filter(users::domain_id.eq(domain))
        // Every id is greater than an empty text.
        .filter(users::id.gt(after.map_or("", UserId::as_str)))
        .filter(has_session.or(exists(challenges)))
        .order(users::id)
        .select(users::id)
        .rows(0, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}

/// Sets columns of one user.
macro_rules! update {
    ($tx:expr, $id:expr, $values:expr) => {{
        let changed = diesel::update(users::table.find($id)).set($values).run_counted($tx.conn()).await?;
        changed_one(changed, "users", $id.as_str())
    }};
}

/// Writes the columns of a user that change. [`Conflict`](Error::Conflict) if another user has the verified address,
/// [`Gone`](Error::Gone) if there is no such user.
pub async fn update(tx: &mut Tx, user: &User) -> Result<(), Error> {
    let row = ChangedUserRow::from(user);
    update!(tx, &user.id, &row)
}

/// Sets a user's password hash. [`Gone`](Error::Gone) if there is no such user.
pub async fn update_password_hash(tx: &mut Tx, id: &UserId, hash: &str) -> Result<(), Error> {
    update!(tx, id, users::password_hash.eq(hash))
}

/// Sets the account's state. [`Gone`](Error::Gone) if there is no such user.
pub async fn update_state(tx: &mut Tx, id: &UserId, state: UserState) -> Result<(), Error> {
    update!(tx, id, users::state.eq(state))
}

/// Records that a user signed in or refreshed a session. [`Gone`](Error::Gone) if there is no such user.
pub async fn update_last_accessed(tx: &mut Tx, id: &UserId, now: Timestamp) -> Result<(), Error> {
    update!(tx, id, users::last_accessed_at.eq(Some(now)))
}

/// The stored data of a user's authenticator app.
#[derive(Default, Queryable)]
pub struct AuthenticatorApp {
    /// The encrypted secret.
    pub secret: Option<Vec<u8>>,
    /// The last accepted time step.
    pub last_step: Option<i64>,
}

/// A user's authenticator app.
pub async fn find_authenticator_app(tx: &mut Tx, id: &UserId) -> Result<AuthenticatorApp, Error> {
    let app: Option<AuthenticatorApp> =
        users::table.find(id).select((users::otp_secret, users::otp_last_step)).fetch_optional(tx.conn()).await?;
    Ok(app.unwrap_or_default())
}

/// Sets a user's authenticator app. [`Gone`](Error::Gone) if there is no such user.
pub async fn update_authenticator_app(tx: &mut Tx, id: &UserId, app: &AuthenticatorApp) -> Result<(), Error> {
    update!(tx, id, (users::otp_secret.eq(app.secret.as_deref()), users::otp_last_step.eq(app.last_step)))
}

/// Accepts a time step of a user's authenticator app, if it is later than every step accepted before and the app still
/// has this secret. Returns whether it was accepted: of concurrent requests with one code, only one is.
pub async fn accept_step(tx: &mut Tx, id: &UserId, secret: &[u8], step: i64) -> Result<bool, Error> {
    let accepted = diesel::update(users::table.find(id))
        .filter(users::otp_secret.eq(secret))
        .filter(users::otp_last_step.is_null().or(users::otp_last_step.lt(step)))
        .set(users::otp_last_step.eq(step))
        .run_counted(tx.conn())
        .await?;
    Ok(accepted == 1)
}

/// Deletes a user. [`Gone`](Error::Gone) if there is no such user.
pub async fn delete(tx: &mut Tx, id: &UserId) -> Result<(), Error> {
    let deleted = diesel::delete(users::table.find(id)).run_counted(tx.conn()).await?;
    changed_one(deleted, "users", id.as_str())
}

/// Whether the user has a password.
pub async fn has_password(tx: &mut Tx, id: &UserId) -> Result<bool, Error> {
    let found: Option<bool> =
        users::table.find(id).select(users::password_hash.is_not_null()).fetch_optional(tx.conn()).await?;
    Ok(found.unwrap_or_default())
}
