//! Short names for statements, as `db.query.summary` of OpenTelemetry's semantic conventions: the verb and the tables.

/// The words before the name of a table.
const BEFORE_TABLES: [&str; 4] = ["FROM", "JOIN", "INTO", "UPDATE"];

/// The summary of a statement: `SELECT session_tokens sessions users domains`. It depends only on the text of the
/// statement, so there are no more of them than statements.
pub(super) fn summary(sql: &str) -> String {
    let mut words = words(sql).peekable();
    let mut summary: Vec<&str> = words.peek().map(|(verb, _)| *verb).into_iter().collect();
    let mut before = "";
    for (word, is_called) in words {
        // Keywords are in capitals; what is called is a function.
        let is_name = word.starts_with(|first: char| first.is_ascii_lowercase()) && !is_called;
        if is_name && BEFORE_TABLES.contains(&before) && !summary.contains(&word) {
            summary.push(word);
        }
        before = word;
    }
    summary.join(" ")
}

/// The words of a statement, and whether a parenthesis follows directly.
fn words(sql: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_separator = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    sql.split_inclusive(is_separator).filter_map(move |part| {
        let word = part.trim_end_matches(is_separator);
        (!word.is_empty()).then(|| (word, part.ends_with('(')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_the_verb_and_each_table_once() {
        for (sql, expected) in [
            (r#"SELECT "users"."id" FROM "users" WHERE "users"."id" = $1 FOR UPDATE"#, "SELECT users"),
            (
                r#"SELECT a FROM (("sessions" INNER JOIN "users" ON (x)) INNER JOIN "sessions" ON (y))"#,
                "SELECT sessions users",
            ),
            (r#"INSERT INTO "outbox" ("job_id") VALUES ($1) ON CONFLICT DO UPDATE SET a = 1"#, "INSERT outbox"),
            (r#"UPDATE "sessions" SET "a" = $1"#, "UPDATE sessions"),
            ("SELECT x FROM unnest($1) AS k JOIN LATERAL (SELECT y FROM users OFFSET 0) u ON true", "SELECT users"),
            ("BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN"),
            ("", ""),
        ] {
            assert_eq!(summary(sql), expected, "{sql}");
        }
    }
}
