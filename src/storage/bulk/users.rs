//! Users, many at once.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::insert_rows;
use crate::clock::Timestamp;
use crate::domain::ids::{DomainId, UserId};
use crate::domain::user::{User, UserState};
use crate::storage::db::{Tx, on};
use crate::storage::error::Error;
use crate::storage::pairs::Two;
use crate::storage::rows::{NewUserRow, UserRow, stored_enum};
use crate::storage::schema::users;
use crate::storage::types::At;

/// What must be known of a user who is kept already, to replace him or to see that another may be put beside him.
#[derive(Clone)]
pub struct StoredUser {
    /// His own key.
    pub id: UserId,
    /// The domain he belongs to.
    pub domain_id: DomainId,
    /// What he signs in with, in the form that is compared.
    pub login_key: String,
    /// Where he stands.
    pub state: UserState,
    /// His address, in the form that is compared.
    pub email_key: Option<String>,
    /// The hash of his password.
    pub password_hash: Option<String>,
    /// The secret of his authenticator app, sealed.
    pub otp_secret: Option<Vec<u8>>,
    /// When he came to be.
    pub created_at: Timestamp,
    /// When he last signed in or refreshed a session.
    pub last_accessed_at: Option<Timestamp>,
}

/// A user to be kept, with his secrets.
pub struct UserToInsert {
    /// The user.
    pub user: User,
    /// The hash of his password.
    pub password_hash: Option<String>,
    /// The secret of his authenticator app, sealed.
    pub otp_secret: Option<Vec<u8>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: String,
    domain_id: String,
    user_id_key: String,
    state: String,
    email_key: Option<String>,
    password_hash: Option<String>,
    otp_secret: Option<Vec<u8>>,
    created_at: At,
    last_accessed_at: Option<At>,
}

impl TryFrom<Row> for StoredUser {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            state: stored_enum(&row.state, "users", "state", &row.id)?,
            id: UserId::from_stored(row.id),
            domain_id: DomainId::from_stored(row.domain_id),
            login_key: row.user_id_key,
            email_key: row.email_key,
            password_hash: row.password_hash,
            otp_secret: row.otp_secret,
            created_at: row.created_at.0,
            last_accessed_at: row.last_accessed_at.map(|at| at.0),
        })
    }
}

fn stored(rows: Vec<Row>) -> Result<Vec<StoredUser>, Error> {
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The users with one of these ids.
///
/// # Errors
/// When the database fails.
pub async fn find_users_by_id(tx: &mut Tx, ids: &[&str]) -> Result<Vec<StoredUser>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    stored(on!(tx.conn(), c => users::table.filter(users::id.eq_any(ids)).select(Row::as_select()).load(c).await)?)
}

/// The users who sign in with one of these, given as pairs of the domain and the form that is compared.
///
/// # Errors
/// When the database fails.
pub async fn find_users_by_login(tx: &mut Tx, logins: &[(&str, &str)]) -> Result<Vec<StoredUser>, Error> {
    if logins.is_empty() {
        return Ok(Vec::new());
    }
    stored(on!(tx.conn(), c => {
        let is_wanted = Two::columns(users::domain_id, users::user_id_key).matching(logins.iter().copied());
        users::table.filter(is_wanted).select(Row::as_select()).load(c).await
    })?)
}

/// The users one of whose verified address is one of these, given as pairs of the domain and the form that is compared.
///
/// # Errors
/// When the database fails.
pub async fn find_users_by_verified_email(tx: &mut Tx, emails: &[(&str, &str)]) -> Result<Vec<StoredUser>, Error> {
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    stored(on!(tx.conn(), c => {
        let is_wanted = Two::columns(users::domain_id, users::email_key).matching(emails.iter().copied());
        users::table.filter(is_wanted).filter(users::email_verified).select(Row::as_select()).load(c).await
    })?)
}

/// The users who sign in with one of these, or have one of these ids, with everything that is known of them.
///
/// # Errors
/// When the database fails.
pub async fn find_whole_users(tx: &mut Tx, logins: &[(&str, &str)], ids: &[&str]) -> Result<Vec<User>, Error> {
    let mut rows: Vec<UserRow> = Vec::new();
    if !logins.is_empty() {
        rows = on!(tx.conn(), c => {
            let is_wanted = Two::columns(users::domain_id, users::user_id_key).matching(logins.iter().copied());
            users::table.filter(is_wanted).select(UserRow::as_select()).load(c).await
        })?;
    }
    if !ids.is_empty() {
        let more: Vec<UserRow> = on!(tx.conn(), c => {
            users::table.filter(users::id.eq_any(ids)).select(UserRow::as_select()).load(c).await
        })?;
        rows.extend(more);
    }
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Takes users out of the table, by what they sign in with and by their ids, and tells what they were.
///
/// # Errors
/// When the database fails.
pub async fn take_users(tx: &mut Tx, logins: &[(&str, &str)], ids: &[&str]) -> Result<Vec<StoredUser>, Error> {
    let mut taken = Vec::new();
    if !logins.is_empty() {
        taken = on!(tx.conn(), c => {
            let is_wanted = Two::columns(users::domain_id, users::user_id_key).matching(logins.iter().copied());
            diesel::delete(users::table.filter(is_wanted)).returning(Row::as_returning()).get_results(c).await
        })?;
    }
    if !ids.is_empty() {
        let more: Vec<Row> = on!(tx.conn(), c => {
            let is_wanted = users::id.eq_any(ids);
            diesel::delete(users::table.filter(is_wanted)).returning(Row::as_returning()).get_results(c).await
        })?;
        taken.extend(more);
    }
    stored(taken)
}

/// Keeps users.
///
/// # Errors
/// [`Conflict`](Error::Conflict) when the name, the id or the verified address of one is taken.
pub async fn insert_users(tx: &mut Tx, users: &[UserToInsert]) -> Result<(), Error> {
    let rows: Vec<NewUserRow> = users
        .iter()
        .map(|one| NewUserRow::new(&one.user, one.password_hash.as_deref(), one.otp_secret.as_deref()))
        .collect();
    insert_rows!(tx, users::table, rows);
    Ok(())
}

/// Takes users away, by what they sign in with, and tells their ids.
///
/// # Errors
/// When the database fails.
pub async fn delete_users(tx: &mut Tx, logins: &[(&str, &str)]) -> Result<Vec<UserId>, Error> {
    Ok(take_users(tx, logins, &[]).await?.into_iter().map(|user| user.id).collect())
}

/// Makes the addresses of users unverified, so that others can have them.
///
/// # Errors
/// When the database fails.
pub async fn unverify(tx: &mut Tx, ids: &[&str]) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::update(users::table.filter(users::id.eq_any(ids))).set(users::email_verified.eq(false)).execute(c).await
    })?;
    Ok(())
}
