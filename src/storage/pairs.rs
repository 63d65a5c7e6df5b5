//! Conditions that diesel's query language cannot express: on two columns together, and on many keys at once.

use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_source::QuerySource;
use diesel::sql_types::{Array, Bool, Text};
use diesel::sqlite::Sqlite;

use super::dialect::{Dialect, Sql};

/// A condition on the rows of the table `T`, as text.
pub(super) struct Condition<T>(Sql, PhantomData<T>);

/// The condition that one column is one of many keys.
///
/// Unlike with `eq_any`, PostgreSQL plans it again for each execution. A plan that was made while a table is nearly
/// empty reads the whole table: fast at that time, but slower with each row that an import adds.
pub(super) fn one_of<C: Column>(_: C, keys: &[&str]) -> Condition<C::Table> {
    let mut sql = Sql::default();
    sql.identifier(C::NAME).is_any(keys);
    Condition(sql, PhantomData)
}

/// The condition that two columns are after a pair of values, ordered by the first and then the second.
pub(super) fn after_pair<A: Column, B: Column<Table = A::Table>>(
    _: A,
    _: B,
    (first, second): (&str, &str),
) -> Condition<A::Table> {
    let mut sql = Sql::new("(");
    sql.identifier(A::NAME).push(", ").identifier(B::NAME).push(") > (").text(first).push(", ").text(second).push(")");
    Condition(sql, PhantomData)
}

/// The condition that two columns together are one of many pairs of keys.
///
/// PostgreSQL looks up each pair separately (`LATERAL`, with `OFFSET 0` so that the planner cannot reorder it), and
/// then reads the rows by their ids. The shorter `(a, b) IN (SELECT * FROM unnest(…))` allows the planner to read the
/// whole table and to look up each row in the list, which it does with statistics from when the table was small. Then
/// 20,000 users took 113 s.
pub(super) struct OneOfPairs<T: QuerySource> {
    from: T::FromClause,
    id: &'static str,
    first: &'static str,
    second: &'static str,
    /// A boolean column that must be true as well, as in the condition of a partial index.
    flag: Option<&'static str>,
    firsts: Vec<String>,
    seconds: Vec<String>,
}

impl<T: QuerySource> OneOfPairs<T> {
    /// The rows of `table`, whose primary key is `id`, in which `first` and `second` are one of `pairs`, of which there
    /// must be at least one.
    pub(super) fn columns<I, A, B>(table: &T, _id: I, _first: A, _second: B, pairs: &[(&str, &str)]) -> Self
    where
        I: Column<Table = T>,
        A: Column<Table = T>,
        B: Column<Table = T>,
    {
        let (firsts, seconds) = pairs.iter().map(|(first, second)| ((*first).to_owned(), (*second).to_owned())).unzip();
        Self { from: table.from_clause(), id: I::NAME, first: A::NAME, second: B::NAME, flag: None, firsts, seconds }
    }

    /// The subset of these rows in which `flag` is true.
    pub(super) fn and<C: Column<Table = T, SqlType = Bool>>(self, _flag: C) -> Self {
        Self { flag: Some(C::NAME), ..self }
    }
}

macro_rules! condition {
    ($name:ident $(: $bound:ident)?) => {
        impl<T $(: $bound)?> Expression for $name<T> {
            type SqlType = Bool;
        }

        impl<T $(: $bound)?> AppearsOnTable<T> for $name<T> {}

        impl<T $(: $bound)?> SelectableExpression<T> for $name<T> {}

        impl<T $(: $bound)?> ValidGrouping<()> for $name<T> {
            type IsAggregate = is_aggregate::No;
        }

        impl<T $(: $bound)?> QueryId for $name<T> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}

condition!(Condition);
condition!(OneOfPairs: QuerySource);

impl<T, DB: Dialect> QueryFragment<DB> for Condition<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.0.walk_ast(out)
    }
}

impl<T: QuerySource> QueryFragment<Pg> for OneOfPairs<T>
where
    T::FromClause: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_identifier(self.id)?;
        out.push_sql(" = ANY(ARRAY(SELECT found.");
        out.push_identifier(self.id)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, [String]>(&self.firsts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, [String]>(&self.seconds)?;
        out.push_sql(") AS wanted(first_key, second_key) CROSS JOIN LATERAL (SELECT ");
        out.push_identifier(self.id)?;
        out.push_sql(" FROM ");
        self.from.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        out.push_identifier(self.first)?;
        out.push_sql(" = wanted.first_key AND ");
        out.push_identifier(self.second)?;
        out.push_sql(" = wanted.second_key");
        if let Some(flag) = self.flag {
            out.push_sql(" AND ");
            out.push_identifier(flag)?;
        }
        out.push_sql(" OFFSET 0) AS found))");
        Ok(())
    }
}

impl<T: QuerySource> QueryFragment<Sqlite> for OneOfPairs<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        out.push_identifier(self.first)?;
        out.push_sql(", ");
        out.push_identifier(self.second)?;
        out.push_sql(") IN (VALUES ");
        for (index, (first, second)) in self.firsts.iter().zip(&self.seconds).enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            Sqlite::push_text(&mut out, first)?;
            out.push_sql(", ");
            Sqlite::push_text(&mut out, second)?;
            out.push_sql(")");
        }
        out.push_sql(")");
        if let Some(flag) = self.flag {
            out.push_sql(" AND ");
            out.push_identifier(flag)?;
        }
        Ok(())
    }
}
