//! A row of PostgreSQL as diesel reads it, and a value as diesel writes it.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;

use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

/// A row of a result.
pub(in crate::storage) struct PgRow(pub(super) tokio_postgres::Row);

impl RowSealed for PgRow {}

impl<'a> Row<'a, Pg> for PgRow {
    type InnerPartialRow = Self;
    type Field<'b>
        = PgField<'b>
    where
        Self: 'b,
        'a: 'b;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let column = self.0.columns().get(index)?;
        let value: Option<Raw<'b>> = self.0.try_get(index).ok()?;
        let type_oid = NonZeroU32::new(column.type_().oid())?;
        Some(PgField { name: column.name(), type_oid, value: value.map(|Raw(bytes)| bytes) })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PgRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl<'a> RowIndex<&'a str> for PgRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

/// A field of a row.
pub(in crate::storage) struct PgField<'a> {
    name: &'a str,
    type_oid: NonZeroU32,
    value: Option<&'a [u8]>,
}

impl<'a> Field<'a, Pg> for PgField<'a> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        self.value.map(|value| PgValue::new(value, &self.type_oid))
    }
}

/// A value as received; diesel decodes it.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A parameter that diesel has already encoded in PostgreSQL's binary format. It prints as `***`: tokio-postgres logs
/// the parameters of every statement, and one of them may be a password hash.
pub(super) struct Parameter(pub(super) Option<Vec<u8>>);

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    // The statement was prepared with the types from diesel, so there is nothing left to check.
    fn to_sql_checked(&self, r#type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(r#type, out)
    }
}
