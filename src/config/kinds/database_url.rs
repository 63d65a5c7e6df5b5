//! The database: `sqlite:PATH` or `postgres://…`.

use std::path::PathBuf;

use super::Kind;
use crate::{
    config::mask::mask_url,
    storage::{PostgresUrl, UrlError, db::Location},
};

/// The URL of the database.
pub(in super::super) fn database_url() -> Kind<Location> {
    let accepts = "`sqlite:PATH` or a PostgreSQL connection URI, `postgres://USER:PASSWORD@HOST/NAME` \
                   (write / ? # @ of the password as %2F %3F %23 %40)";
    Kind::new("URL", accepts, parse_database_url).secret(mask_url)
}

/// The URL of a replica of a PostgreSQL database.
pub(in super::super) fn replica_url() -> Kind<PostgresUrl> {
    let accepts = "a PostgreSQL connection URI, `postgres://USER:PASSWORD@HOST/NAME` \
                   (write / ? # @ of the password as %2F %3F %23 %40)";
    let parse = |text: &str| match parse_database_url(text)? {
        // What one server contains says nothing about another.
        Location::Postgres(url) if !url.names_one_server() => {
            Err("it names several servers; a replica is one server".to_owned())
        }
        Location::Postgres(url) => Ok(url),
        Location::Sqlite(_) => Err("it names a SQLite file".to_owned()),
    };
    Kind::new("URL", accepts, parse).secret(mask_url)
}

fn parse_database_url(text: &str) -> Result<Location, String> {
    if text.chars().any(char::is_control) {
        return Err("it contains a control character".to_owned());
    }
    if let Some(path) = text.strip_prefix("sqlite:") {
        return parse_sqlite(path).map(Location::Sqlite);
    }
    match text.split_once("://") {
        None => Err("it does not begin with `sqlite:` or `postgres://`".to_owned()),
        Some(("postgres" | "postgresql", rest)) => {
            check_postgres(rest)?;
            text.parse().map(Location::Postgres).map_err(|error: UrlError| error.to_string())
        }
        // Before `://` can be a password, too.
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {
            Err(format!("databases with the scheme {scheme} are not supported"))
        }
        Some(_) => Err("its scheme is not supported".to_owned()),
    }
}

fn parse_sqlite(path: &str) -> Result<PathBuf, String> {
    // Other programs write an absolute path with three slashes.
    let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
    match path {
        "" => Err("it names no file".to_owned()),
        ":memory:" => Err("each connection would have its own database in memory".to_owned()),
        _ if path.starts_with("//") => Err("`sqlite:` must be followed by a path, without `//`".to_owned()),
        _ if path.starts_with("file:") || path.contains('?') => {
            Err("parameters of SQLite files are not supported".to_owned())
        }
        _ => Ok(PathBuf::from(path)),
    }
}

/// Checks the text after `postgres://`: no part of a password may be in a position that is not masked, and there must
/// be at least one server. Several servers are separated by commas. PostgreSQL defines the parameters.
fn check_postgres(rest: &str) -> Result<(), String> {
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    if rest.contains('#') || path.contains('@') || query.contains('@') {
        return Err("it contains a `#`, or a `@` after the server".to_owned());
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
    fn a_replica_is_one_postgresql_server() {
        assert!(replica_url().parse("postgres://ann@replica/app").is_ok());
        for (text, expected) in [
            ("postgres://ann@one,two/app", "it names several servers"),
            ("postgres://ann@one/app?load_balance_hosts=random", "it names several servers"),
            ("sqlite:x.db", "it names a SQLite file"),
        ] {
            assert!(wrong(&replica_url(), text).contains(expected), "{text}");
        }
    }

    #[test]
    fn sqlite_urls_name_a_file() {
        for (text, path) in [
            ("sqlite:userprofile.db", "userprofile.db"),
            ("sqlite:/var/lib/up.db", "/var/lib/up.db"),
            ("sqlite:///var/lib/up.db", "/var/lib/up.db"),
            ("sqlite:./data/up.db", "./data/up.db"),
        ] {
            assert!(matches!(parse_database_url(text), Ok(Location::Sqlite(parsed)) if *parsed == *path), "{text}");
        }
    }

    #[test]
    fn postgres_urls_name_a_server() {
        for text in [
            "postgres://db/up",
            "postgresql://ann:p%40ss@db:5432/up?sslmode=require",
            "postgres://ann@db1:5432,db2:5433/up",
            "postgres://[::1]:5432/up",
            "postgres:///up?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/up",
        ] {
            assert!(matches!(parse_database_url(text), Ok(Location::Postgres(_))), "{text}");
        }
    }

    #[test]
    fn malformed_urls_are_refused_and_no_password_is_quoted() {
        for (text, expected) in [
            ("", "does not begin with `sqlite:`"),
            ("up.db", "does not begin with `sqlite:`"),
            ("mysql://ann:hunter2@db/up", "the scheme mysql are not supported"),
            ("ann:hunter2@postgres://db/up", "its scheme is not supported"),
            ("sqlite:", "names no file"),
            ("sqlite::memory:", "its own database in memory"),
            ("sqlite://up.db", "without `//`"),
            ("sqlite:up.db?mode=ro", "parameters of SQLite files"),
            ("sqlite:file:up.db", "parameters of SQLite files"),
            ("postgres://", "names no server"),
            ("postgres:///up", "names no server"),
            ("postgres://ann:hunter2@/up", "names no server"),
            ("postgres://ann:hunter2@db:many/up", "the port"),
            ("postgres://ann:hunter2@db:0/up", "the port"),
            ("postgres://ann:12/hunter2@db/up", "a `@` after the server"),
            ("postgres://ann:12?hunter2@db/up", "a `@` after the server"),
            ("postgres://ann:12#hunter2@db/up", "contains a `#`"),
            ("postgres://ann:hunter2@db/up?sslcert=x", "the parameter sslcert is not supported"),
        ] {
            let wrong = wrong(&database_url(), text);
            assert!(wrong.contains(expected), "{text}: {wrong}");
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
