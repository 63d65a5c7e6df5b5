//! Statements that are written as text, because diesel's query language cannot express them, and the differences
//! between the two databases in them.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Array, BigInt, Text};
use diesel::sqlite::Sqlite;

use super::types::{At, UtcTimestamp};
use crate::clock::Timestamp;

/// The values and expressions that are written differently for the two databases.
pub(super) trait Dialect: Backend {
    /// «contains», from the function to the opening parenthesis of a text and a part, and from the closing one to the
    /// end.
    const CONTAINS: (&'static str, &'static str);

    /// Adds a text as a parameter.
    fn push_text<'b>(out: &mut AstPass<'_, 'b, Self>, text: &'b str) -> QueryResult<()>;

    /// Adds a number as a parameter.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the statement borrows its parameters")]
    fn push_number<'b>(out: &mut AstPass<'_, 'b, Self>, number: &'b i64) -> QueryResult<()>;

    /// Adds a point in time as a parameter.
    fn push_time<'b>(out: &mut AstPass<'_, 'b, Self>, time: &'b At) -> QueryResult<()>;

    /// Adds «is one of `values`», with one parameter for all of them, so that any number of them makes the same
    /// statement.
    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b Texts) -> QueryResult<()>;

    /// Adds a join that looks up the rows of a table one by one.
    fn push_look_up(out: &mut AstPass<'_, '_, Self>, look_up: &LookUp);
}

macro_rules! push_parameters {
    () => {
        fn push_text<'b>(out: &mut AstPass<'_, 'b, Self>, text: &'b str) -> QueryResult<()> {
            out.push_bind_param::<Text, str>(text)
        }

        fn push_number<'b>(out: &mut AstPass<'_, 'b, Self>, number: &'b i64) -> QueryResult<()> {
            out.push_bind_param::<BigInt, i64>(number)
        }

        fn push_time<'b>(out: &mut AstPass<'_, 'b, Self>, time: &'b At) -> QueryResult<()> {
            out.push_bind_param::<UtcTimestamp, At>(time)
        }
    };
}

impl Dialect for Pg {
    const CONTAINS: (&'static str, &'static str) = ("strpos(", ") > 0");

    push_parameters!();

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b Texts) -> QueryResult<()> {
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, Texts>(values)?;
        out.push_sql(")");
        Ok(())
    }

    /// `OFFSET 0` keeps the planner from reordering it.
    fn push_look_up(out: &mut AstPass<'_, '_, Self>, LookUp { table, alias, condition, is_optional }: &LookUp) {
        let (join, on) = if *is_optional { ("LEFT JOIN", " ON true") } else { ("CROSS JOIN", "") };
        let rows = format!("SELECT * FROM {table} AS {alias} WHERE {condition} OFFSET 0");
        out.push_sql(&format!(" {join} LATERAL ({rows}) AS {alias}{on}"));
    }
}

impl Dialect for Sqlite {
    const CONTAINS: (&'static str, &'static str) = ("contains(", ")");

    push_parameters!();

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b Texts) -> QueryResult<()> {
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, Texts>(values)?;
        out.push_sql("))");
        Ok(())
    }

    /// `CROSS JOIN` keeps the planner from reordering it.
    fn push_look_up(out: &mut AstPass<'_, '_, Self>, LookUp { table, alias, condition, is_optional }: &LookUp) {
        let join = if *is_optional { "LEFT JOIN" } else { "CROSS JOIN" };
        out.push_sql(&format!(" {join} {table} AS {alias} ON {condition}"));
    }
}

/// A list of texts as one parameter: an array on PostgreSQL, a JSON array on SQLite.
#[derive(Debug)]
pub(super) struct Texts(Vec<String>);

impl ToSql<Array<Text>, Pg> for Texts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Vec<String> as ToSql<Array<Text>, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<Text, Sqlite> for Texts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

/// A join with the rows of `table` that match `condition`, looked up for each row of the tables before it. Where these
/// have few rows, the planner must not be free to read all of the table instead, as it likes to do while the table is
/// small, or while its statistics are old: the statement is planned only once.
pub(super) struct LookUp {
    table: &'static str,
    alias: String,
    condition: String,
    /// Whether rows without a match remain.
    is_optional: bool,
}

/// SQL as text, with its parameters.
#[derive(Default)]
pub(super) struct Sql(Vec<Part>);

enum Part {
    Sql(String),
    Identifier(&'static str),
    Contains(&'static str),
    EndOfContains,
    Text(String),
    Number(i64),
    Time(At),
    IsAny(Texts),
    LookUp(LookUp),
}

impl Sql {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self(vec![Part::Sql(sql.into())])
    }

    /// Adds text.
    pub(super) fn push(&mut self, sql: impl Into<String>) -> &mut Self {
        self.add(Part::Sql(sql.into()))
    }

    /// Adds the name of a column.
    pub(super) fn identifier(&mut self, name: &'static str) -> &mut Self {
        self.add(Part::Identifier(name))
    }

    /// Adds «`column` contains `part`».
    pub(super) fn contains(&mut self, column: &'static str, part: &str) -> &mut Self {
        self.add(Part::Contains(column)).text(part).add(Part::EndOfContains)
    }

    /// Adds a text as a parameter.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.add(Part::Text(text.to_owned()))
    }

    /// Adds a number as a parameter.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.add(Part::Number(number))
    }

    /// Adds a point in time as a parameter.
    pub(super) fn time(&mut self, time: Timestamp) -> &mut Self {
        self.add(Part::Time(At(time)))
    }

    /// Adds «is one of `values`».
    pub(super) fn is_any(&mut self, values: &[impl ToString]) -> &mut Self {
        self.add(Part::IsAny(Texts(values.iter().map(ToString::to_string).collect())))
    }

    /// Adds a join with the row of `table` that matches `condition`, see [`LookUp`].
    pub(super) fn look_up(&mut self, table: &'static str, alias: impl Into<String>, condition: String) -> &mut Self {
        self.add(Part::LookUp(LookUp { table, alias: alias.into(), condition, is_optional: false }))
    }

    /// The same, but rows without a match remain.
    pub(super) fn look_up_optional(
        &mut self,
        table: &'static str,
        alias: impl Into<String>,
        condition: String,
    ) -> &mut Self {
        self.add(Part::LookUp(LookUp { table, alias: alias.into(), condition, is_optional: true }))
    }

    fn add(&mut self, part: Part) -> &mut Self {
        self.0.push(part);
        self
    }

    /// The text for PostgreSQL, without parameters.
    pub(super) fn postgres_text(&self) -> String {
        let mut text = PgQueryBuilder::default();
        // Only an identifier or a parameter could fail.
        let _ = QueryFragment::<Pg>::to_sql(self, &mut text, &Pg);
        text.finish()
    }

    /// The query, whose rows have the given columns.
    pub(super) fn query<C>(self) -> SqlQuery<C> {
        SqlQuery(self, PhantomData)
    }
}

impl<DB: Dialect> QueryFragment<DB> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for part in &self.0 {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Identifier(name) => out.push_identifier(name)?,
                Part::Contains(column) => {
                    out.push_sql(DB::CONTAINS.0);
                    out.push_sql(column);
                    out.push_sql(", ");
                }
                Part::EndOfContains => out.push_sql(DB::CONTAINS.1),
                Part::Text(text) => DB::push_text(&mut out, text)?,
                Part::Number(number) => DB::push_number(&mut out, number)?,
                Part::Time(time) => DB::push_time(&mut out, time)?,
                Part::IsAny(values) => DB::push_is_any(&mut out, values)?,
                Part::LookUp(look_up) => DB::push_look_up(&mut out, look_up),
            }
        }
        Ok(())
    }
}

/// A query as text, whose rows have the columns `C`. It is prepared once and cached like any other.
pub(super) struct SqlQuery<C>(Sql, PhantomData<C>);

impl<C> Query for SqlQuery<C> {
    type SqlType = C;
}

impl<C, Conn> diesel::RunQueryDsl<Conn> for SqlQuery<C> {}

impl<C> QueryId for SqlQuery<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, DB: Dialect> QueryFragment<DB> for SqlQuery<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

/// How many rows are read for a page of this size: at least one more, to see whether there are more. The number is part
/// of the statement, so only a few numbers occur. Each statement is planned once: PostgreSQL, if it does not know the
/// number, expects a tenth of the table, and sorts it; SQLite plans it again whenever the number changes.
pub(super) fn page_limit(size: usize) -> i64 {
    match size {
        0..=50 => 51,
        51..=100 => 101,
        _ => 501,
    }
}

/// How many rows a statement reads at most that is to return `most`: one more shows whether there are more.
pub(super) fn one_more_than(most: usize) -> i64 {
    to_bigint(most).saturating_add(1)
}

/// A number as a parameter.
pub(super) fn to_bigint(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
