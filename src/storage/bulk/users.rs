//! Users, many at once.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel_async::RunQueryDsl;

use super::for_rows;
use crate::domain::ids::{DomainId, UserId};
use crate::domain::user::User;
use crate::storage::columns::{Columns, columns_of};
use crate::storage::db::{Conn, Fetch, Run, Tx, on};
use crate::storage::error::Error;
use crate::storage::pairs::{OneOfPairs, one_of};
use crate::storage::rows::NewUserRow;
use crate::storage::schema::{outbox, security_events, sessions, users};

/// The data of an existing user that is needed to check whether a user may be written.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct StoredUser {
    /// The `id`.
    pub id: UserId,
    /// The domain.
    pub domain_id: DomainId,
    /// The user id, as its comparison key.
    #[diesel(column_name = user_id_key)]
    pub login_key: String,
    /// The email address, as its comparison key.
    pub email_key: Option<String>,
    /// The password hash.
    pub password_hash: Option<String>,
    /// The encrypted secret of the authenticator app.
    pub otp_secret: Option<Vec<u8>>,
}

/// A user with their secrets.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserWithSecrets {
    /// The user.
    #[diesel(embed)]
    pub user: User,
    /// The password hash.
    pub password_hash: Option<String>,
    /// The encrypted secret of the authenticator app.
    pub otp_secret: Option<Vec<u8>>,
}

/// The users with these ids.
pub async fn find_users_by_id(tx: &mut Tx, ids: &[&str]) -> Result<Vec<StoredUser>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    users::table.filter(one_of(users::id, ids)).select(columns_of::<StoredUser>()).fetch_all(tx.conn()).await
}

/// The users with these user ids, given as pairs of the domain and the comparison key.
pub async fn find_users_by_login(tx: &mut Tx, logins: &[(&str, &str)]) -> Result<Vec<StoredUser>, Error> {
    if logins.is_empty() {
        return Ok(Vec::new());
    }
    users::table.filter(with_login(logins)).select(columns_of::<StoredUser>()).fetch_all(tx.conn()).await
}

/// The users with these verified addresses, given as pairs of the domain and the comparison key.
pub async fn find_users_by_verified_email(tx: &mut Tx, emails: &[(&str, &str)]) -> Result<Vec<StoredUser>, Error> {
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    let is_wanted = OneOfPairs::columns(&users::table, users::id, users::domain_id, users::email_key, emails);
    let users = users::table.filter(is_wanted.and(users::email_verified));
    users.select(columns_of::<StoredUser>()).fetch_all(tx.conn()).await
}

/// Locks the users with these `logins` or `ids`, and returns them as they are then. This waits for sign-ins that hold
/// one of them; later sign-ins wait for this transaction.
pub async fn lock_users(tx: &mut Tx, logins: &[(&str, &str)], ids: &[&str]) -> Result<Vec<UserWithSecrets>, Error> {
    let mut locked: Vec<UserWithSecrets> = Vec::new();
    // On SQLite, the transaction already holds the only write lock.
    macro_rules! lock {
        ($condition:expr) => {{
            let users = users::table.filter($condition);
            match tx.conn() {
                Conn::Pg(c) => users.select(columns_of::<UserWithSecrets>()).for_update().load(c).await,
                Conn::Sqlite(c) => users.select(columns_of::<UserWithSecrets>()).load(c).await,
            }
        }};
    }
    if !logins.is_empty() {
        locked = lock!(with_login(logins))?;
    }
    if !ids.is_empty() {
        locked.extend(lock!(one_of(users::id, ids))?);
    }
    locked.sort_by(|one, other| one.user.id.cmp(&other.user.id));
    locked.dedup_by(|one, other| one.user.id == other.user.id);
    Ok(locked)
}

/// Writes users, in place of those with the same ids. What an import does not contain stays: the pending email and the
/// last step of the authenticator app.
///
/// # Errors
/// [`Conflict`](Error::Conflict) if the user id or the verified address of a user is taken.
pub async fn put_users(tx: &mut Tx, users: &[UserWithSecrets]) -> Result<(), Error> {
    let rows: Vec<NewUserRow> = users
        .iter()
        .map(|one| NewUserRow::new(&one.user, one.password_hash.as_deref(), one.otp_secret.as_deref()))
        .collect();
    for_rows!(tx, rows, |values| diesel::insert_into(users::table)
        .values(values)
        .on_conflict(users::id)
        .do_update()
        .set(Overwritten));
    Ok(())
}

/// The columns of an existing user that stay as they are.
const KEPT: [&str; 4] = ["id", "domain_id", "pending_email", "pending_email_key"];

/// All other columns, with the values that would be inserted.
#[derive(QueryId)]
struct Overwritten;

impl AsChangeset for Overwritten {
    type Target = users::table;
    type Changeset = Self;

    fn as_changeset(self) -> Self {
        self
    }
}

impl<DB: Backend> QueryFragment<DB> for Overwritten {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let columns = User::COLUMNS.iter().chain(&["password_hash", "otp_secret"]);
        for (place, column) in columns.filter(|column| !KEPT.contains(column)).enumerate() {
            out.push_sql(if place == 0 { "" } else { ", " });
            out.push_identifier(column)?;
            out.push_sql(" = excluded.");
            out.push_identifier(column)?;
        }
        Ok(())
    }
}

/// Changes the id of a user, also in their sessions and security events.
///
/// # Errors
/// [`Conflict`](Error::Conflict) if another user has the id.
pub async fn change_id(tx: &mut Tx, before: &UserId, after: &UserId) -> Result<(), Error> {
    let (before, after) = (before.as_str(), after.as_str());
    on!(tx.conn(), c => {
        diesel::update(users::table.find(before)).set(users::id.eq(after)).execute(c).await?;
        let of_user = sessions::table.filter(sessions::owner_id.eq(before));
        diesel::update(of_user).set(sessions::owner_id.eq(after)).execute(c).await?;
        let of_user = security_events::table.filter(security_events::owner_id.eq(before));
        diesel::update(of_user).set(security_events::owner_id.eq(after)).execute(c).await?;
        let of_user = outbox::table.filter(outbox::owner_id.eq(before));
        diesel::update(of_user).set(outbox::owner_id.eq(after)).execute(c).await
    })?;
    Ok(())
}

/// Deletes users by their user ids, and returns their ids.
pub async fn delete_users(tx: &mut Tx, logins: &[(&str, &str)]) -> Result<Vec<UserId>, Error> {
    if logins.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> =
        diesel::delete(users::table.filter(with_login(logins))).returning(users::id).fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(UserId::from_stored).collect())
}

/// Makes the addresses of users unverified, so that other users can have them.
pub async fn unverify(tx: &mut Tx, ids: &[&str]) -> Result<(), Error> {
    let is_meant = one_of(users::id, ids);
    diesel::update(users::table.filter(is_meant)).set(users::email_verified.eq(false)).run(tx.conn()).await
}

/// The users with these user ids.
fn with_login(logins: &[(&str, &str)]) -> OneOfPairs<users::table> {
    OneOfPairs::columns(&users::table, users::id, users::domain_id, users::user_id_key, logins)
}
