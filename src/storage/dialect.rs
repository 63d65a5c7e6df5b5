//! Statements that are written as text, because diesel's query language cannot express them, and the differences
//! between the two databases in them.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use diesel::sqlite::Sqlite;

/// The values and expressions that are written differently for the two databases.
pub(super) trait Dialect: Backend {
    /// The function that returns at which character of its first argument the second begins, or 0 if it does not occur.
    const POSITION: &'static str;

    /// Adds a text as a parameter.
    fn push_text<'b>(out: &mut AstPass<'_, 'b, Self>, text: &'b str) -> QueryResult<()>;

    /// Adds a number as a parameter.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the statement borrows its parameters")]
    fn push_number<'b>(out: &mut AstPass<'_, 'b, Self>, number: &'b i64) -> QueryResult<()>;

    /// Adds «is one of `values`»: an array on PostgreSQL, so that any number of them makes the same statement; a list
    /// on SQLite.
    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()>;
}

macro_rules! push_parameters {
    () => {
        fn push_text<'b>(out: &mut AstPass<'_, 'b, Self>, text: &'b str) -> QueryResult<()> {
            out.push_bind_param::<Text, str>(text)
        }

        fn push_number<'b>(out: &mut AstPass<'_, 'b, Self>, number: &'b i64) -> QueryResult<()> {
            out.push_bind_param::<BigInt, i64>(number)
        }
    };
}

impl Dialect for Pg {
    const POSITION: &'static str = "strpos";

    push_parameters!();

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()> {
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, [String]>(values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Dialect for Sqlite {
    const POSITION: &'static str = "instr";

    push_parameters!();

    fn push_is_any<'b>(out: &mut AstPass<'_, 'b, Self>, values: &'b [String]) -> QueryResult<()> {
        for (index, value) in values.iter().enumerate() {
            out.push_sql(if index == 0 { " IN (" } else { ", " });
            Self::push_text(out, value)?;
        }
        out.push_sql(if values.is_empty() { " IN ()" } else { ")" });
        Ok(())
    }
}

/// SQL as text, with its parameters.
#[derive(Default)]
pub(super) struct Sql(Vec<Part>);

enum Part {
    Sql(String),
    Identifier(&'static str),
    Position,
    Text(String),
    Number(i64),
    IsAny(Vec<String>),
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

    /// Adds the name of the function [`POSITION`](Dialect::POSITION).
    pub(super) fn position(&mut self) -> &mut Self {
        self.add(Part::Position)
    }

    /// Adds a text as a parameter.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.add(Part::Text(text.to_owned()))
    }

    /// Adds a number as a parameter.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.add(Part::Number(number))
    }

    /// Adds «is one of `values`».
    pub(super) fn is_any(&mut self, values: &[impl ToString]) -> &mut Self {
        self.add(Part::IsAny(values.iter().map(ToString::to_string).collect()))
    }

    fn add(&mut self, part: Part) -> &mut Self {
        self.0.push(part);
        self
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
                Part::Position => out.push_sql(DB::POSITION),
                Part::Text(text) => DB::push_text(&mut out, text)?,
                Part::Number(number) => DB::push_number(&mut out, number)?,
                Part::IsAny(values) => DB::push_is_any(&mut out, values)?,
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

impl<C> QueryId for SqlQuery<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, DB: Dialect> QueryFragment<DB> for SqlQuery<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
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
