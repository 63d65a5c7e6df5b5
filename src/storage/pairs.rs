//! Conditions on two columns taken together, for which diesel's query language has no words.

use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, Text};

use super::db::Dialect;

/// Two columns of one table.
pub(super) struct Two<T> {
    first: &'static str,
    second: &'static str,
    table: PhantomData<T>,
}

impl<T> Two<T> {
    /// The columns of these two, of the same table.
    pub(super) fn columns<A, B>(_: A, _: B) -> Self
    where
        A: Column<Table = T>,
        B: Column<Table = T>,
    {
        Self { first: A::NAME, second: B::NAME, table: PhantomData }
    }

    /// They are one of `pairs`. There must be at least one.
    pub(super) fn matching<'p>(self, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Pairs<T> {
        let (firsts, seconds) = pairs.map(|(first, second)| (first.to_owned(), second.to_owned())).unzip();
        Pairs { columns: self, condition: Condition::IsAny(firsts, seconds) }
    }

    /// They come after this pair, in the order of the first and then the second.
    pub(super) fn are_after(self, first: &str, second: &str) -> Pairs<T> {
        Pairs { columns: self, condition: Condition::After(first.to_owned(), second.to_owned()) }
    }
}

/// A condition on two columns.
pub(super) struct Pairs<T> {
    columns: Two<T>,
    condition: Condition,
}

enum Condition {
    IsAny(Vec<String>, Vec<String>),
    After(String, String),
}

impl<T> Expression for Pairs<T> {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for Pairs<T> {}

impl<T> SelectableExpression<T> for Pairs<T> {}

impl<T> ValidGrouping<()> for Pairs<T> {
    type IsAggregate = is_aggregate::No;
}

impl<T> QueryId for Pairs<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, DB> QueryFragment<DB> for Pairs<T>
where
    DB: Dialect,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // A plan that PostgreSQL made for an empty table takes any index that begins with the first column. Here the
        // table may be empty the first time and have a million rows the last, so each execution is planned.
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        out.push_identifier(self.columns.first)?;
        out.push_sql(", ");
        out.push_identifier(self.columns.second)?;
        out.push_sql(")");
        match &self.condition {
            Condition::IsAny(firsts, seconds) => DB::push_is_pair(&mut out, firsts, seconds),
            Condition::After(first, second) => {
                out.push_sql(" > (");
                out.push_bind_param::<Text, String>(first)?;
                out.push_sql(", ");
                out.push_bind_param::<Text, String>(second)?;
                out.push_sql(")");
                Ok(())
            }
        }
    }
}
