//! Statements that are written as text, because diesel's query language cannot express them, and the differences
//! between the two databases in them. Such a statement is a
//! [`QueryFragment`](diesel::query_builder::QueryFragment), prepared once and cached like any other.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
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

/// Makes a type, which implements `QueryFragment`, a statement whose rows have the given columns.
macro_rules! statement {
    ($name:ident: $columns:ty) => {
        impl diesel::query_builder::Query for $name {
            type SqlType = $columns;
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}
pub(super) use statement;

/// How many rows a statement reads at most that is to return `most`: one more shows whether there are more.
pub(super) fn one_more_than(most: usize) -> i64 {
    to_bigint(most).saturating_add(1)
}

/// A number as a parameter.
pub(super) fn to_bigint(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
