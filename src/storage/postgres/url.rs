//! The address of a PostgreSQL server, in the syntax of `libpq`.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode as Encryption, TargetSessionAttrs};

use super::errors::describe;
use super::tls::{Roots, Verification};

/// The time limit for connecting to one server, unless the address has a `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same if the address names several servers: the next one must be tried before the client gives up.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(2);

/// Set at the start of every session, unless a pooler owns the sessions. It limits for how long a statement, a lock, or
/// a client that disconnects in a transaction blocks others. Each statement is planned once instead of for every
/// execution, because planning took longer than execution: for a member's list of workspaces, 0.4 ms of 0.45. The
/// database is on an SSD or in memory, where an index look-up costs little more than reading on.
const OPTIONS: &str = "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s \
                       -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1";

/// The parameters that tokio-postgres understands as `libpq` does. This module handles the others.
const PASSED_ON: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "tcp_user_timeout",
    "user",
];
/// The name of `keepalives_retries` in PostgreSQL's documentation.
const KEEPALIVES_COUNT: &str = "keepalives_count";
/// Parameters that are sent to the server at the start of a session.
const OF_START_UP: [&str; 2] = ["options", "application_name"];

/// The address of a PostgreSQL server, or of several that hold the same database:
/// `postgres://user:password@host:port,host:port/database?sslmode=…`. [`Config`] never prints the password.
#[derive(Debug, Clone)]
pub struct PostgresUrl {
    pub(super) config: Box<Config>,
    pub(super) verification: Verification,
    /// `pooler=transaction`: a pooler in between provides a session for each transaction.
    pub(super) is_pooled: bool,
}

/// An invalid address. The message never repeats the address, which may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(String);

impl std::str::FromStr for PostgresUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let own = Parameters::parse(query)?;
        // The parameters are passed on as written: decoding and encoding them again would change them.
        let text = if own.passed_on.is_empty() { address.to_owned() } else { format!("{address}?{}", own.passed_on) };
        let mut config: Config = text.parse().map_err(|error| UrlError(describe(&error)))?;
        // Otherwise the part of a password after it would be a host name, and messages name hosts.
        if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) {
            return Err(UrlError("the user name or the password contains @; write it as %40".to_owned()));
        }
        let (encryption, verification) = own.tls()?;
        config.ssl_mode(encryption).target_session_attrs(own.target_session_attrs()?);
        let is_pooled = own.is_pooled()?;
        if !is_pooled {
            let options = config.get_options().map_or_else(|| OPTIONS.to_owned(), |given| format!("{OPTIONS} {given}"));
            config.options(options);
            if config.get_application_name().is_none() {
                config.application_name("userprofile");
            }
        }
        if !own.has_keepalives_idle {
            config.keepalives_idle(Duration::from_mins(1));
        }
        if config.get_connect_timeout().is_none() {
            let is_one = config.get_hosts().len().max(config.get_hostaddrs().len()) < 2;
            config.connect_timeout(if is_one { CONNECT_TIMEOUT } else { CONNECT_TIMEOUT_OF_SEVERAL });
        }
        Ok(Self { config: Box::new(config), verification, is_pooled })
    }
}

impl PostgresUrl {
    /// The servers, for messages: `db1:5432, db2:5432`.
    pub(super) fn servers(&self) -> String {
        let ports = self.config.get_ports();
        let port = |index: usize| ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        let hosts: Vec<String> = if self.config.get_hosts().is_empty() {
            self.config.get_hostaddrs().iter().map(ToString::to_string).collect()
        } else {
            self.config.get_hosts().iter().map(name).collect()
        };
        let servers = hosts.iter().enumerate().map(|(index, host)| format!("{host}:{}", port(index)));
        servers.collect::<Vec<_>>().join(", ")
    }

    /// Whether connections always lead to the same server, as far as the URL says. A name in DNS can have several.
    #[must_use]
    pub fn names_one_server(&self) -> bool {
        self.config.get_hosts().len().max(self.config.get_hostaddrs().len()) <= 1
            && self.config.get_load_balance_hosts() == LoadBalanceHosts::Disable
    }

    /// The time limit for connecting, when all servers are tried in turn.
    pub(super) fn connect_timeout(&self) -> Duration {
        let servers = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        let one = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        one.saturating_mul(u32::try_from(servers).unwrap_or(u32::MAX))
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]"),
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

/// The parameters after the `?`.
#[derive(Default)]
struct Parameters {
    ssl_mode: Option<String>,
    root: Option<String>,
    pooler: Option<String>,
    target: Option<String>,
    has_keepalives_idle: bool,
    has_start_up: bool,
    passed_on: String,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, UrlError> {
        let mut parameters = Self::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let key = decode(key)?;
            match key.as_str() {
                "sslmode" => parameters.ssl_mode = Some(decode(value)?),
                "sslrootcert" => parameters.root = Some(decode(value)?),
                "pooler" => parameters.pooler = Some(decode(value)?),
                "target_session_attrs" => parameters.target = Some(decode(value)?),
                KEEPALIVES_COUNT => parameters.pass_on("keepalives_retries", value),
                // tokio-postgres takes the whole value for one host.
                "host" => value.split(',').for_each(|host| parameters.pass_on("host", host)),
                known if PASSED_ON.contains(&known) => parameters.pass_on(known, value),
                _ => return Err(unknown(&key)),
            }
        }
        Ok(parameters)
    }

    fn pass_on(&mut self, key: &str, value: &str) {
        self.has_keepalives_idle |= key == "keepalives_idle";
        self.has_start_up |= OF_START_UP.contains(&key);
        let separator = if self.passed_on.is_empty() { "" } else { "&" };
        self.passed_on += &format!("{separator}{key}={value}");
    }

    fn tls(&self) -> Result<(Encryption, Verification), UrlError> {
        let roots = || match self.root.as_deref() {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
        };
        match self.ssl_mode.as_deref() {
            None | Some("prefer") => Ok((Encryption::Prefer, Verification::None)),
            Some("disable") => Ok((Encryption::Disable, Verification::None)),
            Some("require") => Ok((Encryption::Require, Verification::None)),
            Some("verify-ca") => Ok((Encryption::Require, Verification::Authority(roots()))),
            Some("verify-full") => Ok((Encryption::Require, Verification::Full(roots()))),
            Some(_) => Err(one_of("sslmode", "disable, prefer, require, verify-ca or verify-full")),
        }
    }

    /// A primary accepts writes, a standby does not. For `libpq`, the two differ only if a primary is configured as
    /// read-only.
    fn target_session_attrs(&self) -> Result<TargetSessionAttrs, UrlError> {
        match self.target.as_deref() {
            None | Some("any") => Ok(TargetSessionAttrs::Any),
            Some("read-write" | "primary") => Ok(TargetSessionAttrs::ReadWrite),
            Some("read-only" | "standby") => Ok(TargetSessionAttrs::ReadOnly),
            Some(_) => Err(one_of("target_session_attrs", "any, read-write, primary, read-only or standby")),
        }
    }

    fn is_pooled(&self) -> Result<bool, UrlError> {
        match self.pooler.as_deref() {
            None => Ok(false),
            Some("transaction") if self.has_start_up => {
                Err(UrlError(format!("with pooler=transaction, {} cannot be given", OF_START_UP.join(" and "))))
            }
            Some("transaction") => Ok(true),
            Some(_) => Err(one_of("pooler", "transaction, or be omitted")),
        }
    }
}

fn one_of(parameter: &str, values: &str) -> UrlError {
    UrlError(format!("{parameter} must be {values}"))
}

fn unknown(key: &str) -> UrlError {
    let own = ["pooler", "sslmode", "sslrootcert", "target_session_attrs", KEEPALIVES_COUNT];
    let mut supported = [&PASSED_ON[..], &own[..]].concat();
    supported.sort_unstable();
    // If a password contains a `?` or `&`, what looks like a name may be part of the password.
    let is_name = key.len() <= 40 && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let shown = if is_name { format!("the parameter {key}") } else { "one of its parameters".to_owned() };
    UrlError(format!("{shown} is not supported; supported are {}", supported.join(", ")))
}

fn decode(text: &str) -> Result<String, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| UrlError("one of its parameters is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Config {
        *text.parse::<PostgresUrl>().unwrap_or_else(|error| panic!("{text}: {error}")).config
    }

    fn wrong(text: &str) -> String {
        text.parse::<PostgresUrl>().map(drop).expect_err("this address is wrong").to_string()
    }

    #[test]
    fn every_part_is_passed_on_as_written() {
        let config = parse("postgres://an%40n:p%40s%2Fs+%20@db/a%20b?options=-c%20statement_timeout%3D60s");
        assert_eq!(config.get_user(), Some("an@n"));
        assert_eq!(config.get_password(), Some(&b"p@s/s+ "[..]));
        assert_eq!(config.get_dbname(), Some("a b"));
        assert!(config.get_options().unwrap().ends_with(" -c statement_timeout=60s"));
        let config = parse("postgres://db/a?application_name=my%20app&connect_timeout=9&keepalives_idle=7");
        assert_eq!(config.get_application_name(), Some("my app"));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
    }

    #[test]
    fn servers_are_found_in_every_place_that_libpq_allows() {
        for (text, servers) in [
            ("postgres://db/up", "db:5432"),
            ("postgres://h1,h2:5433/up", "h1:5432, h2:5433"),
            ("postgres://[::1]:5433/up", "[::1]:5433"),
            ("postgres:///up?host=/run/postgresql", "/run/postgresql:5432"),
            ("postgres://%2Frun%2Fpostgresql/up", "/run/postgresql:5432"),
            ("postgres:///up?host=h1,h2&port=5433,5434", "h1:5433, h2:5434"),
            ("postgres:///up?hostaddr=127.0.0.1", "127.0.0.1:5432"),
        ] {
            assert_eq!(text.parse::<PostgresUrl>().unwrap().servers(), servers, "{text}");
        }
    }

    #[test]
    fn a_session_behind_a_pooler_gets_no_start_up_parameters() {
        let config = parse("postgres://db/up?pooler=transaction");
        assert_eq!((config.get_options(), config.get_application_name()), (None, None));
        assert!(wrong("postgres://db/up?pooler=transaction&options=-c%20x%3D1").contains("options"));
        assert!(wrong("postgres://db/up?pooler=session").contains("pooler must be"));
    }

    #[test]
    fn an_unescaped_at_sign_is_refused_without_repeating_the_password() {
        let message = wrong("postgres://ann:hunter@2@db/up");
        assert!(message.contains("%40") && !message.contains("2@"), "{message}");
    }

    #[test]
    fn the_target_session_attributes_are_those_of_libpq() {
        let target = |value: &str| parse(&format!("postgres://a,b/up?target_session_attrs={value}"));
        assert_eq!(target("read-write").get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(target("primary").get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(target("standby").get_target_session_attrs(), TargetSessionAttrs::ReadOnly);
        assert!(wrong("postgres://a/up?target_session_attrs=best").contains("target_session_attrs must be"));
    }

    #[test]
    fn an_unsupported_parameter_is_named_but_never_a_password() {
        let message = wrong("postgres://ann:hunter2@db/up?sslcert=/x");
        assert!(message.contains("the parameter sslcert is not supported") && message.contains("sslrootcert"));
        let message = wrong("postgres://ann:hun?TER2%20:=@db/up");
        assert!(!message.contains("TER2"), "{message}");
    }
}
