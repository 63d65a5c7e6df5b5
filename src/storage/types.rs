//! The stored form of a point in time: `TIMESTAMPTZ` on PostgreSQL, and microseconds since 1970 on SQLite, which has no
//! type for it. Comparing these numbers compares the times.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self, BigInt, SqlType};
use diesel::sqlite::Sqlite;

use crate::clock::Timestamp;

/// The SQL type of a point in time. It is not called `Timestamptz`, for which diesel's macros expect PostgreSQL's
/// arithmetic.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct UtcTimestamp;

/// A point in time on its way to or from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = UtcTimestamp)]
pub struct At(pub Timestamp);

impl ToSql<UtcTimestamp, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Timestamptz, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}

impl FromSql<UtcTimestamp, Pg> for At {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <Timestamp as FromSql<sql_types::Timestamptz, Pg>>::from_sql(bytes).map(Self)
    }
}

impl ToSql<UtcTimestamp, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTimestamp, Sqlite> for At {
    fn from_sql(bytes: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(bytes)?;
        let time = DateTime::<Utc>::from_timestamp_micros(micros);
        time.map(Self).ok_or_else(|| format!("{micros} is no point in time").into())
    }
}
