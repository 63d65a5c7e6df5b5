//! How the fields of entities are stored in columns: [`row`] maps one to the other, and [`Holds`] converts.

use diesel::deserialize::{self, FromSql, Queryable};
use diesel::dsl::SqlTypeOf;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::Selectable;
use diesel::sql_types::Record;

use super::types::At;
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::login::LoginId;
use crate::domain::mfa::{Mfa, MfaState, MfaType};
use crate::domain::secret::Digest;
use crate::domain::user::RequiredAction;

/// The values of one or more columns that together hold a `T`.
pub(super) trait Holds<T> {
    fn read(self) -> deserialize::Result<T>;
    fn write(value: &T) -> Self;
}

impl<T: Clone> Holds<T> for T {
    fn read(self) -> deserialize::Result<T> {
        Ok(self)
    }

    fn write(value: &T) -> Self {
        value.clone()
    }
}

impl Holds<Timestamp> for At {
    fn read(self) -> deserialize::Result<Timestamp> {
        Ok(self.0)
    }

    fn write(time: &Timestamp) -> Self {
        Self(*time)
    }
}

/// Neither database has an unsigned type.
impl Holds<u32> for i32 {
    fn read(self) -> deserialize::Result<u32> {
        Ok(u32::try_from(self)?)
    }

    fn write(number: &u32) -> Self {
        Self::try_from(*number).unwrap_or(Self::MAX)
    }
}

impl Holds<Option<u32>> for Option<i32> {
    fn read(self) -> deserialize::Result<Option<u32>> {
        self.map(Holds::read).transpose()
    }

    fn write(number: &Option<u32>) -> Self {
        number.as_ref().map(Holds::write)
    }
}

impl Holds<Option<Digest>> for Option<Vec<u8>> {
    fn read(self) -> deserialize::Result<Option<Digest>> {
        self.map(Digest::try_from).transpose().map_err(|bytes| format!("a digest has {} bytes", bytes.len()).into())
    }

    fn write(digest: &Option<Digest>) -> Self {
        digest.map(Vec::from)
    }
}

/// Only a job that failed has no payload.
impl Holds<Vec<u8>> for Option<Vec<u8>> {
    fn read(self) -> deserialize::Result<Vec<u8>> {
        Ok(self.unwrap_or_default())
    }

    fn write(payload: &Vec<u8>) -> Self {
        Some(payload.clone())
    }
}

/// The names of the actions, separated by commas.
impl Holds<Vec<RequiredAction>> for String {
    fn read(self) -> deserialize::Result<Vec<RequiredAction>> {
        let parse =
            |name| RequiredAction::from_text(name).ok_or_else(|| format!("{name:?} is no required action").into());
        self.split_terminator(',').map(parse).collect()
    }

    fn write(actions: &Vec<RequiredAction>) -> Self {
        actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// Words, separated by spaces.
impl Holds<Vec<String>> for String {
    fn read(self) -> deserialize::Result<Vec<String>> {
        Ok(self.split_whitespace().map(str::to_owned).collect())
    }

    fn write(words: &Vec<String>) -> Self {
        words.join(" ")
    }
}

/// A user id as typed, and its comparison key.
impl Holds<LoginId> for (String, String) {
    fn read(self) -> deserialize::Result<LoginId> {
        Ok(LoginId::from_stored(self.0, self.1))
    }

    fn write(login: &LoginId) -> Self {
        (login.as_str().to_owned(), login.key().to_owned())
    }
}

/// An address as typed, and its comparison key.
impl Holds<Option<Email>> for (Option<String>, Option<String>) {
    fn read(self) -> deserialize::Result<Option<Email>> {
        Ok(self.0.zip(self.1).map(|(typed, key)| Email::from_stored(typed, key)))
    }

    fn write(email: &Option<Email>) -> Self {
        email.as_ref().map(|email| (email.as_str().to_owned(), email.key().to_owned())).unzip()
    }
}

/// The state of MFA, its type, its address as typed, the comparison key of the address, and whether it is enforced.
impl Holds<Mfa> for (MfaState, Option<MfaType>, Option<String>, Option<String>, bool) {
    fn read(self) -> deserialize::Result<Mfa> {
        let (state, mfa_type, email, email_key, enforce) = self;
        Ok(Mfa { state, mfa_type, email: (email, email_key).read()?, enforce })
    }

    fn write(mfa: &Mfa) -> Self {
        let (email, email_key) = Holds::write(&mfa.email);
        (mfa.state, mfa.mfa_type, email, email_key, mfa.enforce)
    }
}

/// The columns of an entity, to be selected or returned. Unlike with `as_select`, the query is the same for both
/// databases.
pub(super) fn columns_of<T: Selectable<Pg>>() -> T::SelectExpression {
    T::construct_selection()
}

/// The SQL types of the columns of an entity; they are the same on both databases.
pub(super) type ColumnsOf<T> = SqlTypeOf<<T as Selectable<Pg>>::SelectExpression>;

/// The columns of an entity, in the order in which they are selected.
pub(super) trait Columns {
    const COLUMNS: &'static [&'static str];
}

/// An entity in an array of rows.
pub(super) struct Item<T>(pub(super) T);

impl<ST, T: Queryable<ST, Pg>> FromSql<Record<ST>, Pg> for Item<T>
where
    T::Row: FromSql<Record<ST>, Pg>,
{
    fn from_sql(row: PgValue<'_>) -> deserialize::Result<Self> {
        T::build(T::Row::from_sql(row)?).map(Self)
    }
}

/// Defines how an entity is stored, with one line for each column: its name, its type, and the field that it holds;
/// then the fields that several columns hold together. Statements select and insert the entity itself. `$row` owns what
/// is inserted. The columns after `and` are also a changeset of their own.
macro_rules! row {
    ($row:ident of $table:ident holds $entity:ident {
        $($column:ident: $type:ty => $field:ident,)+
        $(($($part:ident: $part_type:ty),+) => $whole:ident,)*
    } $(and $changes:ident {
        $($changed:ident: $changed_type:ty => $changed_field:ident,)+
        $(($($changed_part:ident: $changed_part_type:ty),+) => $changed_whole:ident,)*
    })?) => {
        impl<DB: Backend> Selectable<DB> for $entity {
            type SelectExpression = (
                $($table::$column,)+ $($($table::$part,)+)*
                $($($table::$changed,)+ $($($table::$changed_part,)+)*)?
            );

            fn construct_selection() -> Self::SelectExpression {
                (
                    $($table::$column,)+ $($($table::$part,)+)*
                    $($($table::$changed,)+ $($($table::$changed_part,)+)*)?
                )
            }
        }

        impl<ST, DB: Backend> Queryable<ST, DB> for $entity
        where
            (
                $($type,)+ $($($part_type,)+)*
                $($($changed_type,)+ $($($changed_part_type,)+)*)?
            ): FromStaticSqlRow<ST, DB>,
        {
            type Row = (
                $($type,)+ $($($part_type,)+)*
                $($($changed_type,)+ $($($changed_part_type,)+)*)?
            );

            fn build(row: Self::Row) -> deserialize::Result<Self> {
                let (
                    $($column,)+ $($($part,)+)*
                    $($($changed,)+ $($($changed_part,)+)*)?
                ) = row;
                Ok(Self {
                    $($field: $column.read()?,)+
                    $($whole: ($($part),+).read()?,)*
                    $($($changed_field: $changed.read()?,)+
                    $($changed_whole: ($($changed_part),+).read()?,)*)?
                })
            }
        }

        impl Columns for $entity {
            const COLUMNS: &'static [&'static str] = &[
                $(stringify!($column),)+ $($(stringify!($part),)+)*
                $($(stringify!($changed),)+ $($(stringify!($changed_part),)+)*)?
            ];
        }

        #[doc = concat!("What is inserted for a `", stringify!($entity), "`.")]
        #[derive(Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        pub struct $row {
            $($column: $type,)+
            $($($part: $part_type,)+)*
            $(#[diesel(embed)] changes: $changes,)?
        }

        impl From<&$entity> for $row {
            fn from(entity: &$entity) -> Self {
                $(let ($($part),+) = Holds::write(&entity.$whole);)*
                Self {
                    $($column: Holds::write(&entity.$field),)+
                    $($($part,)+)*
                    $(changes: $changes::from(entity),)?
                }
            }
        }

        impl Insertable<$table::table> for &$entity {
            type Values = <$row as Insertable<$table::table>>::Values;

            fn values(self) -> Self::Values {
                $row::from(self).values()
            }
        }

        $(
            #[doc = concat!("What is updated of a `", stringify!($entity), "`.")]
            #[derive(Insertable, AsChangeset)]
            #[diesel(table_name = $table, treat_none_as_default_value = false, treat_none_as_null = true)]
            pub struct $changes {
                $($changed: $changed_type,)+
                $($($changed_part: $changed_part_type,)+)*
            }

            impl From<&$entity> for $changes {
                fn from(entity: &$entity) -> Self {
                    $(let ($($changed_part),+) = Holds::write(&entity.$changed_whole);)*
                    Self {
                        $($changed: Holds::write(&entity.$changed_field),)+
                        $($($changed_part,)+)*
                    }
                }
            }
        )?
    };
}
pub(super) use row;
