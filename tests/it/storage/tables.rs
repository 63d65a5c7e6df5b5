//! The tables that the migrations make, as the databases themselves describe them.

use std::fmt::Write;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use serde::Deserialize;
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

/// A foreign key.
#[derive(Debug, QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    target: String,
}

/// The file `diesel.toml`: the settings of the diesel CLI that the project uses, and no others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DieselToml {
    pub print_schema: PrintSchema,
    pub migrations_directory: MigrationsDirectory,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintSchema {
    pub file: String,
    pub import_types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationsDirectory {
    pub dir: String,
}

impl DieselToml {
    pub fn read() -> Self {
        toml::from_str(include_str!("../../../diesel.toml")).unwrap()
    }
}

async fn migrated_sqlite() -> (tempfile::TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tables.db");
    migrate::apply(&Location::Sqlite(path.clone())).await.unwrap();
    let conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    (folder, conn)
}

/// The columns of all tables on SQLite, in order.
pub async fn on_sqlite() -> Vec<Column> {
    let (_folder, mut conn) = migrated_sqlite().await;
    diesel::sql_query(
        "SELECT t.name AS table_name, c.name AS column_name, c.type AS column_type, NOT c.\"notnull\" AS is_nullable,
                c.pk AS key_place
         FROM sqlite_master t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY t.name, c.cid",
    )
    .load(&mut conn)
    .unwrap()
}

async fn foreign_keys_on_sqlite() -> Vec<ForeignKey> {
    let (_folder, mut conn) = migrated_sqlite().await;
    diesel::sql_query(
        "SELECT t.name AS table_name, f.\"from\" AS column_name, f.\"table\" AS target
         FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name",
    )
    .load(&mut conn)
    .unwrap()
}

/// The file `src/storage/schema.rs`, as `diesel print-schema` writes it on PostgreSQL.
pub async fn as_diesel_schema(settings: &PrintSchema) -> String {
    let columns = on_sqlite().await;
    let mut text = "// @generated automatically by Diesel CLI.\n".to_owned();
    let imports: String = settings.import_types.iter().map(|import| format!("    use {import};\n")).collect();
    let tables = columns.chunk_by(|a, b| a.table_name == b.table_name);
    for table in tables.clone() {
        let mut key: Vec<&Column> = table.iter().filter(|column| column.key_place > 0).collect();
        key.sort_by_key(|column| column.key_place);
        let key = key.iter().map(|column| column.column_name.as_str()).collect::<Vec<_>>().join(", ");
        write!(text, "\ndiesel::table! {{\n{imports}\n    {} ({key}) {{\n", table[0].table_name).unwrap();
        for column in table {
            let name = rust_type(&column.column_type);
            let name = if column.is_nullable { format!("Nullable<{name}>") } else { name.to_owned() };
            writeln!(text, "        {} -> {name},", column.column_name).unwrap();
        }
        text.push_str("    }\n}\n");
    }
    text.push('\n');
    for ForeignKey { table_name, column_name, target } in foreign_keys_on_sqlite().await {
        writeln!(text, "diesel::joinable!({table_name} -> {target} ({column_name}));").unwrap();
    }
    let names: String = tables.map(|table| format!("    {},\n", table[0].table_name)).collect();
    write!(text, "\ndiesel::allow_tables_to_appear_in_same_query!(\n{names});\n").unwrap();
    text
}

/// diesel's name on PostgreSQL for a type as SQLite declares it.
fn rust_type(declared: &str) -> &'static str {
    match declared {
        "TEXT" => "Text",
        "BOOLEAN" => "Bool",
        "INTEGER" => "Int4",
        "BIGINT" => "Int8",
        "BLOB" => "Bytea",
        "TIMESTAMPTZ" => "Timestamptz",
        other => panic!("no diesel type is known for {other}"),
    }
}
