//! The database: `sqlite:PATH` or `postgres://…`.

use std::path::PathBuf;

use super::Kind;
use crate::config::secret::{SecretUrl, mask_url};

/// The location of the database.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// The PostgreSQL server of this URL, which is passed on unchanged.
    Postgres(SecretUrl),
}

/// Database URLs.
pub(in super::super) struct DatabaseUrls;

impl Kind for DatabaseUrls {
    type Value = DatabaseUrl;

    fn value_name(&self) -> &'static str {
        "URL"
    }

    fn accepts(&self) -> String {
        "`sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME` (with / ? # @ of the password as %2F %3F %23 %40)"
            .to_owned()
    }

    fn parse(&self, text: &str) -> Result<DatabaseUrl, String> {
        if text.chars().any(char::is_control) {
            return Err("it holds a control character".to_owned());
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return parse_sqlite(path).map(DatabaseUrl::Sqlite);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it does not say which kind of database it is".to_owned());
        };
        if !matches!(scheme, "postgres" | "postgresql") {
            let is_scheme = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            let shown = if is_scheme { scheme } else { "that it names" };
            return Err(format!("databases of the kind {shown} are not known"));
        }
        check_postgres(rest)?;
        Ok(DatabaseUrl::Postgres(SecretUrl::new(text)))
    }

    fn is_secret(&self) -> bool {
        true
    }

    fn mask(&self, text: &str) -> String {
        mask_url(text)
    }
}

fn parse_sqlite(path: &str) -> Result<PathBuf, String> {
    // Other programs write an absolute path with three slashes.
    let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
    match path {
        "" => Err("it names no file".to_owned()),
        ":memory:" => {
            Err("a database in memory would be another one for each connection, and gone at the end".to_owned())
        }
        _ if path.starts_with("//") => Err("after `sqlite:` a path follows, without `//`".to_owned()),
        _ if path.starts_with("file:") || path.contains('?') => Err("SQLite files take no parameters here".to_owned()),
        _ => Ok(PathBuf::from(path)),
    }
}

/// Checks the text after `postgres://`: no part of a password may be in a position that is not masked, and there must
/// be a server to connect to. It may name several servers, separated by commas. PostgreSQL defines the parameters.
fn check_postgres(rest: &str) -> Result<(), String> {
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    if rest.contains('#') || path.contains('@') || query.contains('@') {
        return Err("it holds a `#`, or a `@` behind the server".to_owned());
    }
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    if hosts.is_empty() && !query.split('&').any(|parameter| parameter.starts_with("host=")) {
        return Err("it names no server".to_owned());
    }
    for host in hosts.split(',') {
        let after_ipv6 = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
        if let Some((_, port)) = after_ipv6.rsplit_once(':')
            && !port.parse::<u16>().is_ok_and(|port| port > 0)
        {
            return Err("the port of its server is not a number from 1 to 65535".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn parses_sqlite_files() {
        for (text, path) in [
            ("sqlite:userprofile.db", "userprofile.db"),
            ("sqlite:/var/lib/up.db", "/var/lib/up.db"),
            ("sqlite:///var/lib/up.db", "/var/lib/up.db"),
            ("sqlite:./data/up.db", "./data/up.db"),
        ] {
            assert!(matches!(DatabaseUrls.parse(text), Ok(DatabaseUrl::Sqlite(parsed)) if *parsed == *path), "{text}");
        }
    }

    #[test]
    fn parses_postgres_servers() {
        for text in [
            "postgres://db/up",
            "postgresql://ann:p%40ss@db:5432/up?sslmode=require",
            "postgres://ann@db1:5432,db2:5433/up",
            "postgres://[::1]:5432/up",
            "postgres:///up?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/up",
        ] {
            assert!(
                matches!(DatabaseUrls.parse(text), Ok(DatabaseUrl::Postgres(url)) if url.expose() == text),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_all_else_and_shows_no_password() {
        for (text, expected) in [
            ("", "which kind of database"),
            ("up.db", "which kind of database"),
            ("mysql://ann:hunter2@db/up", "of the kind mysql are not known"),
            ("ann:hunter2@postgres://db/up", "of the kind that it names are not known"),
            ("sqlite:", "names no file"),
            ("sqlite::memory:", "another one for each connection"),
            ("sqlite://up.db", "without `//`"),
            ("sqlite:up.db?mode=ro", "take no parameters"),
            ("sqlite:file:up.db", "take no parameters"),
            ("postgres://", "names no server"),
            ("postgres:///up", "names no server"),
            ("postgres://ann:hunter2@/up", "names no server"),
            ("postgres://ann:hunter2@db:many/up", "the port"),
            ("postgres://ann:hunter2@db:0/up", "the port"),
            ("postgres://ann:12/hunter2@db/up", "a `@` behind the server"),
            ("postgres://ann:12?hunter2@db/up", "a `@` behind the server"),
            ("postgres://ann:12#hunter2@db/up", "holds a `#`"),
        ] {
            let wrong = wrong(&DatabaseUrls, text);
            assert!(wrong.contains(expected), "{text}: {wrong}");
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
