//! How values of the domain are stored in columns.
//!
//! - A point in time ([`UtcTimestamp`]) is `TIMESTAMPTZ` on PostgreSQL, and microseconds since 1970 on SQLite, which
//!   has no type for it. Comparing these numbers compares the times.
//! - Ids, texts, and enums are text.

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Interval, SqlType, Text, Timestamptz, ops};
use diesel::sqlite::Sqlite;

use crate::clock::Timestamp;
use crate::domain::{code, event, ids, mfa, outbox, profile_text, session, tags, user, workspace};

/// The SQL type of a point in time. In `schema.rs`, it has the name `Timestamptz`, which the diesel CLI writes.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct UtcTimestamp;

/// diesel's macros expect that intervals can be added to columns of this name. No statement does.
impl ops::Add for UtcTimestamp {
    type Rhs = Interval;
    type Output = Self;
}

impl ops::Sub for UtcTimestamp {
    type Rhs = Interval;
    type Output = Self;
}

impl ToSql<UtcTimestamp, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Timestamptz, Pg>::to_sql(self, out)
    }
}

impl FromSql<UtcTimestamp, Pg> for Timestamp {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Timestamptz, Pg>::from_sql(bytes)
    }
}

impl ToSql<UtcTimestamp, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTimestamp, Sqlite> for Timestamp {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(bytes)?;
        DateTime::<Utc>::from_timestamp_micros(micros).ok_or_else(|| format!("{micros} is no point in time").into())
    }
}

/// A point in time in a condition, or on its way to a column that is never null. Rust's rules do not allow diesel's
/// [`AsExpression`] for a type of another crate.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = UtcTimestamp)]
pub struct At(pub Timestamp);

impl<DB: Backend> ToSql<UtcTimestamp, DB> for At
where
    Timestamp: ToSql<UtcTimestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<UtcTimestamp, DB> for At
where
    Timestamp: FromSql<UtcTimestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Timestamp::from_sql(bytes).map(Self)
    }
}

/// Stores types as text. `$parse` is applied to the stored text.
macro_rules! stored_as_text {
    ($parse:expr, [$($type:ty),+ $(,)?]) => { $(
        const _: () = {
            #[derive(AsExpression, FromSqlRow)]
            #[diesel(foreign_derive, sql_type = Text)]
            #[expect(dead_code, reason = "the derived traits are for the type of its field")]
            struct Proxy($type);
        };

        impl<DB: Backend> ToSql<Text, DB> for $type
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<Text, DB>::to_sql(self.as_str(), out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $type
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let parse: fn(String) -> deserialize::Result<Self> = $parse;
                parse(String::from_sql(bytes)?)
            }
        }
    )+ };
}

stored_as_text!(
    |text| Ok(Self::from_stored(text)),
    [
        ids::CodeId,
        ids::DomainId,
        ids::EventId,
        ids::JobId,
        ids::PasskeyId,
        ids::RoleBindingId,
        ids::RoleId,
        ids::SessionId,
        ids::RateLimitEventId,
        ids::UserId,
        ids::WorkspaceGroupId,
        ids::WorkspaceId,
        profile_text::Label,
        profile_text::Language,
        profile_text::Name,
        profile_text::Timezone,
        tags::Tags,
    ]
);

stored_as_text!(
    |text| Self::from_text(&text).ok_or_else(|| format!("{text:?} is not one of its values").into()),
    [
        code::CodePurpose,
        event::SecurityEventActor,
        event::SecurityEventType,
        mfa::MfaState,
        mfa::MfaType,
        outbox::JobKind,
        session::TokenPurpose,
        user::AuthType,
        user::DomainState,
        user::UserRoleType,
        user::UserState,
        workspace::ResourceGroup,
        workspace::RoleState,
        workspace::RoleType,
        workspace::WorkspaceState,
    ]
);
