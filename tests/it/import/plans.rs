//! How much an import reads does not depend on what PostgreSQL believes about its tables.

use std::fmt::Write as _;
use std::io::Cursor;

use userprofile::services::transfer::import::ImportOptions;

use crate::support::{DOMAIN, TestApp, database, domain};

/// In batches of 1000. A statement that reads its table for each batch reads 21,000 rows of these.
const OF_EACH: usize = 6000;

/// Lines of every kind but domains.
fn lines(kind: &str) -> String {
    let mut text = String::new();
    for n in 0..OF_EACH {
        let rest = match kind {
            "role" => format!(r#""role_id":"role-{n}","name":"R","role_type":"WORKSPACE_OWNER""#),
            "user" => format!(r#""user_id":"u{n}@x.org","email":"u{n}@x.org","email_verified":true"#),
            "workspace_group" => {
                format!(r#""workspace_group_id":"wg-{n}","name":"G","users":[{{"user_id":"u{n}@x.org"}}]"#)
            }
            "workspace" => format!(r#""workspace_id":"workspace-{n}","name":"W {n}","workspace_group_id":"wg-{n}""#),
            _ => format!(
                r#""role_binding_id":"rb-{n}","user_id":"u{n}@x.org","role_id":"role-{n}","role_type":"WORKSPACE_OWNER","resource_group":"WORKSPACE","workspace_id":"workspace-{n}""#
            ),
        };
        writeln!(text, "{{\"kind\":\"{kind}\",\"domain_id\":\"{DOMAIN}\",{rest}}}").unwrap();
    }
    text
}

/// The rows that were read, by index or otherwise, of the tables that an import grows.
async fn rows_read(database: &database::Database) -> i64 {
    let query = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint::text AS value
                 FROM pg_stat_user_tables WHERE relname IN ('roles', 'users', 'workspace_groups', 'workspace_group_users',
                                                            'workspaces', 'role_bindings')";
    let indexes = "SELECT sum(idx_tup_read)::bigint::text AS value FROM pg_stat_user_indexes
                   WHERE relname IN ('roles', 'users', 'workspace_groups', 'workspace_group_users', 'workspaces',
                                     'role_bindings')";
    let mut sum = 0;
    for query in [query, indexes] {
        sum += database.texts("", query).await[0].parse::<i64>().unwrap();
    }
    sum
}

/// The statistics of a transaction are shown a moment after it ended.
async fn wait_for_statistics(database: &database::Database, rows: usize) {
    let counted = format!("pg_stat_user_tables WHERE relname = 'role_bindings' AND n_tup_ins >= {rows}");
    while database.count(&counted).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_after_a_small_one_reads_no_table_as_a_whole() {
    if database::server().is_none() {
        return;
    }
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    // Ends with ANALYZE: from now on PostgreSQL believes that each table has one row.
    let one = |kind: &str| lines(kind).lines().next().unwrap().to_owned() + "\n";
    let kinds = ["role", "user", "workspace_group", "workspace", "role_binding"];
    app.import(&(domain(DOMAIN) + &kinds.map(one).concat())).await;
    let all = kinds.map(lines).concat();
    let source = Cursor::new(all.clone().into_bytes());
    app.services.import(source, ImportOptions::default(), |_| {}).await.unwrap();
    wait_for_statistics(&database, OF_EACH).await;
    let rows = i64::try_from(kinds.len() * OF_EACH).unwrap();
    let read = rows_read(&database).await;
    assert!(read < 2 * rows, "{read} rows were read to write {rows}");

    // Again: every row is found once for each time that it is looked up.
    app.services.import(Cursor::new(all.into_bytes()), ImportOptions::default(), |_| {}).await.unwrap();
    while database
        .count(&format!("pg_stat_user_tables WHERE relname = 'role_bindings' AND n_tup_upd >= {OF_EACH}"))
        .await
        == 0
    {
        tokio::task::yield_now().await;
    }
    let again = rows_read(&database).await - read;
    assert!(again < 20 * rows, "{again} rows were read to replace {rows}");
}
