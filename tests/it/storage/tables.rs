//! The tables that the migrations make, as the databases themselves describe them.

use std::fmt::Write;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use userprofile::storage::db::Location;
use userprofile::storage::migrate;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Column {
    #[diesel(sql_type = Text)]
    pub table_name: String,
    #[diesel(sql_type = Text)]
    pub column_name: String,
    /// The type as SQLite declares it.
    #[diesel(sql_type = Text)]
    pub column_type: String,
    #[diesel(sql_type = Bool)]
    pub is_nullable: bool,
    /// Its place in the primary key, from 1; 0 if it is not part of it.
    #[diesel(sql_type = Integer)]
    pub key_place: i32,
}

/// The columns of all tables on SQLite, in order.
pub async fn on_sqlite() -> Vec<Column> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tables.db");
    migrate::apply(&Location::Sqlite(path.clone())).await.unwrap();
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel::sql_query(
        "SELECT t.name AS table_name, c.name AS column_name, c.type AS column_type, NOT c.\"notnull\" AS is_nullable,
                c.pk AS key_place
         FROM sqlite_master t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY t.name, c.cid",
    )
    .load(&mut conn)
    .unwrap()
}

/// The file `src/storage/schema.rs` for these columns.
pub fn as_diesel_schema(columns: &[Column]) -> String {
    let mut text =
        "// @generated from the migrations; a test holds it fresh: `UPDATE_GENERATED=1 cargo test generated` \
                    writes it anew.\n"
            .to_owned();
    let tables = columns.chunk_by(|a, b| a.table_name == b.table_name);
    for table in tables.clone() {
        let mut key: Vec<&Column> = table.iter().filter(|column| column.key_place > 0).collect();
        key.sort_by_key(|column| column.key_place);
        let key = key.iter().map(|column| column.column_name.as_str()).collect::<Vec<_>>().join(", ");
        write!(
            text,
            "\ndiesel::table! {{\n    use diesel::sql_types::*;\n    use crate::storage::types::UtcTimestamp;\n\n    \
             {} ({key}) {{\n",
            table[0].table_name
        )
        .unwrap();
        for column in table {
            let name = rust_type(&column.column_type);
            let name = if column.is_nullable { format!("Nullable<{name}>") } else { name.to_owned() };
            writeln!(text, "        {} -> {name},", column.column_name).unwrap();
        }
        text.push_str("    }\n}\n");
    }
    let names: Vec<&str> = tables.map(|table| table[0].table_name.as_str()).collect();
    writeln!(text, "\ndiesel::allow_tables_to_appear_in_same_query!({});", names.join(", ")).unwrap();
    text
}

fn rust_type(declared: &str) -> &'static str {
    match declared {
        "TEXT" => "Text",
        "BOOLEAN" => "Bool",
        "INTEGER" => "Integer",
        "BIGINT" => "BigInt",
        "BLOB" => "Binary",
        "TIMESTAMPTZ" => "UtcTimestamp",
        other => panic!("no diesel type is known for {other}"),
    }
}
