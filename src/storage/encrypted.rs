//! The columns that hold encrypted values, for the rotation of the key.

use diesel::prelude::*;

use super::db::{Db, Fetch, Run, Tx, Unlimited};
use super::error::Error;
use super::schema::{codes, outbox, users};
use crate::domain::ids::{CodeId, JobId, UserId};

/// An encrypted value, and what comes before it in the order of the rows.
#[derive(Debug, Clone)]
pub struct Encrypted<Id> {
    /// The id of its row.
    pub id: Id,
    /// The value.
    pub value: Vec<u8>,
}

/// A column that holds encrypted values, in a table with ids of type `Id`.
pub trait EncryptedColumn {
    /// The type of the ids.
    type Id: Clone + Send + Sync;

    /// The first `limit` values in the order of ids, after the id `after`.
    fn page(
        db: &Db,
        after: Option<&Self::Id>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Encrypted<Self::Id>>, Error>> + Send;

    /// Replaces a value unless it has changed, and returns whether it did.
    fn replace(
        tx: &mut Tx,
        before: &Encrypted<Self::Id>,
        after: &[u8],
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

macro_rules! encrypted_columns {
    ($($(#[$meta:meta])* $name:ident: $table:ident.$column:ident of $id:ident: $id_type:ty;)+) => {
        $(
            $(#[$meta])*
            pub struct $name;

            impl EncryptedColumn for $name {
                type Id = $id_type;

                async fn page(db: &Db, after: Option<&$id_type>, limit: i64) -> Result<Vec<Encrypted<$id_type>>, Error> {
                    // Every id is greater than an empty text.
                    let after = after.map_or("", <$id_type>::as_str);
                    let rows: Vec<($id_type, Option<Vec<u8>>)> = $table::table
                        .filter($table::$column.is_not_null())
                        .filter($table::$id.gt(after))
                        .order($table::$id)
                        .select(($table::$id, $table::$column))
                        .rows(0, limit)
                        .fetch_all(&mut db.conn().await?)
                        .await?;
                    Ok(rows.into_iter().filter_map(|(id, value)| Some(Encrypted { id, value: value? })).collect())
                }

                async fn replace(tx: &mut Tx, before: &Encrypted<$id_type>, after: &[u8]) -> Result<bool, Error> {
                    let replaced = diesel::update($table::table.find(&before.id))
                        .filter($table::$column.eq(&before.value))
                        .set($table::$column.eq(after))
                        .run_counted(tx.conn())
                        .await?;
                    Ok(replaced == 1)
                }
            }
        )+
    };
}

encrypted_columns! {
    /// The secrets of authenticator apps.
    OtpSecrets: users.otp_secret of id: UserId;
    /// The secrets of authenticator apps that are not confirmed yet.
    PendingOtpSecrets: codes.otp_secret of code_id: CodeId;
    /// The jobs of the outbox.
    Jobs: outbox.payload of job_id: JobId;
}
