//! The table of all settings, and the [`Config`] that they make.
//!
//! To add a setting, add two lines to the table: a sentence, and its name with its default and the kind of value that it
//! accepts. Flag, environment variable, key in the file, `userprofile config`, and `docs/configuration.md` follow from
//! that. Then put its value into the struct of the layer that uses it, at the end of the same function.

use std::{sync::LazyLock, time::Duration};

use chrono::TimeDelta;
use url::{Host, Url};

use super::{
    error::SettingError,
    kinds::{
        LogFormat, base_url, choices, counts, database_url, domain_name, durations, host_name, log_filter, mailbox,
        networks, origins, page_url, path, replica_url, secret_keys, sizes, smtp_url, socket_address, webhook_secret,
        webhook_url,
    },
    passkeys::{self, Addresses},
    reader::Reader,
    rules,
    setting::{DefaultValue, Setting},
    sources::Sources,
    unknown,
    values::{Config, DocumentSettings},
};
use crate::{
    domain::{attempts::Backoff, rate_limit::Window, session::Lifetimes},
    graphql::{
        documents::Mode,
        limits::{self, Limits},
    },
    http::{HttpSettings, PageSettings},
    mail::SmtpSettings,
    services::{CodePolicy, DeletionPolicy, Links, Policy, SendPolicy, hasher::HashSettings},
    webhook::WebhookSettings,
};

const ZERO: Duration = Duration::ZERO;
const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const MAX_THREADS: usize = 1024;
const ON_OFF: &[(&str, bool)] = &[("on", true), ("off", false)];
const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

/// The format of the log with this name.
pub(super) fn log_format(name: &str) -> Option<LogFormat> {
    LOG_FORMATS.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
}
const MODES: &[(&str, Mode)] = &[("off", Mode::Off), ("prefer", Mode::Prefer), ("require", Mode::Require)];

/// Every setting, group by group, in documentation order.
pub fn settings() -> &'static [Setting] {
    static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        let mut reader = Reader::new(Sources::default());
        read(&mut reader);
        reader.settings.into_iter().map(|effective| effective.setting).collect()
    });
    &SETTINGS
}

/// Reads all settings. Reports all errors at once: unknown keys in the file, invalid values, settings that contradict
/// each other.
pub(super) fn resolve(sources: Sources) -> Result<Config, Vec<SettingError>> {
    let mut reader = Reader::new(sources);
    let config = read(&mut reader);
    let mut errors = match &reader.sources().file {
        None => vec![],
        Some(Ok(file)) => unknown::keys(file, &reader.settings),
        Some(Err(error)) => vec![error.clone()],
    };
    let warnings = unknown::variables(&reader.sources().environment, &reader.settings);
    errors.append(&mut reader.errors);
    config
        .filter(|_| errors.is_empty())
        .map(|config| Config { warnings, settings: reader.settings, ..config })
        .ok_or(errors)
}

/// Reads each setting into a variable of its name, an `Option` while the rules between settings are checked. The doc
/// comment is the sentence that operators read. A mistake in one setting does not hide those in others.
macro_rules! read_settings {
    (
        $reader:ident,
        $($group:literal { $($(#[doc = $meaning:literal])+ $name:ident = $default:expr, $kind:expr;)+ })+
        check $check:expr
    ) => {
        $($(
            let kind = $kind;
            let setting = Setting::new(stringify!($name), $group, concat!($($meaning),+), $default.into(), &kind);
            let $name = $reader.read(setting, &kind);
        )+)+
        $check;
        $($(let $name = $name?;)+)+
    };
}

#[expect(clippy::too_many_lines, reason = "one table, of one entry after the other")]
fn read(reader: &mut Reader) -> Option<Config> {
    read_settings! {
        reader,

        "Server" {
            /// The address and port that the server listens on; port 0 selects a free port.
            listen = "127.0.0.1:8080", socket_address();
            /// The address at which users reach the server; emailed links begin with it.
            public_url = unset("required with `SMTP_URL`"), base_url().optional();
            /// The page that password reset links open; `#token=…` is appended to it.
            reset_url = unset("`{PUBLIC_URL}/reset-password`"), page_url().optional();
            /// The application that users sign in to; the pages behind emailed links link to it.
            app_url = unset("no link"), page_url().optional();
            /// The proxies whose `X-Forwarded-For` is trusted.
            trusted_proxies = unset("none"), networks();
        }

        "Database" {
            /// The database: a SQLite file for development and small installations, or a PostgreSQL server.
            database_url = "sqlite:userprofile.db", database_url()
                .or_in_file("database_url_file", "A file that contains the URL, instead of `DATABASE_URL`.");
            /// The maximum number of open database connections.
            database_connections = "16", counts(1..=1000);
            /// A replica of the PostgreSQL database, from which lists are read; set it on all servers.
            database_replica_url = unset("lists are read from the database"), replica_url().optional()
                .or_in_file("database_replica_url_file", "A file that contains the URL, instead of `DATABASE_REPLICA_URL`.");
            /// How far the replica may lag behind; otherwise lists are read from the database.
            replica_max_lag = "5s", durations(TENTH..=MINUTE);
        }

        "Email" {
            /// The mail server, with user and password: `smtp://` is unencrypted, `smtp+starttls://` requires STARTTLS,
            /// `smtps://` uses TLS from the start.
            smtp_url = unset("operations that need email return UNAVAILABLE"), smtp_url().optional()
                .or_in_file("smtp_url_file", "A file that contains the URL, instead of `SMTP_URL`.");
            /// The sender of messages.
            mail_from = unset("required with `SMTP_URL`"), mailbox().optional();
            /// The name of this server in EHLO; many mail servers refuse a name that is not fully qualified.
            smtp_helo_name = unset("the host of `USERPROFILE_PUBLIC_URL`"), host_name().optional();
        }

        "Secret key" {
            /// The key that encrypts stored secrets, or several, separated by commas: the first one encrypts, all of them
            /// decrypt. Avoid the flag, because other users of the machine can read it.
            secret_key = unset("generated beside a SQLite file; required on PostgreSQL"), secret_keys().optional();
            /// A file that contains the secret key or keys, instead of `USERPROFILE_SECRET_KEY`.
            secret_key_file = unset("not used"), path().optional();
        }

        "Log" {
            /// What is logged: a level, and levels for parts of the program.
            rust_log = "info", log_filter();
            /// The format of the log.
            log_format = unset("`text` on a terminal, otherwise `json`"), choices(LOG_FORMATS).optional();
            /// Whether the log shows `***` instead of client addresses and user ids; the ids of events remain.
            log_privacy = "off", choices(ON_OFF);
        }

        "Monitoring" {
            /// The address and port that serves `/metrics`, `/healthz`, and `/readyz` to operators; keep it private.
            metrics_listen = unset("no metrics are served"), socket_address().optional();
            /// The collector that traces are exported to, by OTLP over HTTP; only in a build with the feature `otlp`, such
            /// as the image.
            otlp_endpoint = unset("no traces are exported"), base_url().optional();
            /// How long security events are kept; for as long, a device that signed in before is not reported as new.
            event_retention = "90d", durations(DAY..=3650 * DAY);
            /// A receiver that security events are reported to, as Standard Webhooks.
            event_webhook_url = unset("security events are only stored and logged"), webhook_url().optional()
                .or_in_file(
                    "event_webhook_url_file",
                    "A file that contains the URL, instead of `USERPROFILE_EVENT_WEBHOOK_URL`."
                );
            /// The secret that reports are signed with.
            event_webhook_secret = unset("required with `USERPROFILE_EVENT_WEBHOOK_URL`"), webhook_secret().optional()
                .or_in_file(
                    "event_webhook_secret_file",
                    "A file that contains the secret, instead of `USERPROFILE_EVENT_WEBHOOK_SECRET`."
                );
        }

        "Codes and emailed links" {
            /// The lifetime of a code that verifies an email address, or confirms the deletion of the account.
            code_ttl_email = "10m", durations(SECOND..=DAY);
            /// The lifetime of a code for sign-in or for a change of MFA.
            code_ttl_mfa = "5m", durations(SECOND..=HOUR);
            /// The time that a user has to confirm an authenticator app.
            otp_enrolment_ttl = "15m", durations(SECOND..=DAY);
            /// The lifetime of a password reset link.
            reset_token_ttl = "30m", durations(SECOND..=7 * DAY);
            /// The maximum number of wrong attempts at one code.
            code_tries = "5", counts(1..=1000);
            /// The maximum number of wrong attempts of a user in a rolling day, counted separately for sign-in,
            /// authenticated sessions, and recovery codes.
            code_tries_per_day = "20", counts(1..=100_000);
        }

        "Email rate limits" {
            /// The maximum number of codes or links per minute for one purpose, user, and address.
            sends_per_minute = "1", counts(1..=1_000_000);
            /// The maximum number of codes or links per hour for one purpose, user, and address.
            sends_per_hour = "5", counts(1..=1_000_000);
            /// The maximum number of codes per hour for one authenticated user, over all purposes and addresses.
            sends_per_hour_per_user = "20", counts(1..=1_000_000);
            /// The maximum number of codes or links per hour for one client address, without codes that are sent after
            /// a correct password.
            sends_per_hour_per_client = "30", counts(1..=1_000_000);
        }

        "Account deletion" {
            /// Whether users may delete their accounts.
            account_deletion = unset("`off`; `on` with `--demo`"), choices(ON_OFF).optional();
            /// How long after its confirmation a deletion can be cancelled, before the account is deleted.
            deletion_grace = "14d", durations(SECOND..=365 * DAY);
        }

        "Passwords" {
            /// The minimum length of a password in characters.
            password_min_length = "8", counts(8..=64);
            /// The number of wrong passwords for a user from one network before the backoff begins.
            password_free_tries = "5", counts(0..=1_000_000);
            /// The maximum backoff of a user for one network; it begins with a second and doubles.
            password_max_wait = "15m", durations(SECOND..=DAY);
            /// The number of wrong passwords for a user from all networks together before the backoff begins.
            password_free_tries_per_user = "50", counts(0..=1_000_000);
            /// The maximum backoff of a user over all networks; it begins with a second and doubles.
            password_max_wait_per_user = "60s", durations(SECOND..=DAY);
        }

        // An import elsewhere must accept the hashes, and accepts at most 64 MiB and 10 iterations.
        "Password hashing" {
            /// The memory that Argon2id uses for one password.
            argon2_memory = "19MiB", sizes::<u32>(8 * KIB..=64 * MIB);
            /// The number of passes of Argon2id over this memory.
            argon2_iterations = "2", counts(1..=10);
            /// The number of lanes of Argon2id.
            argon2_parallelism = "1", counts(1..=16);
            /// The maximum number of passwords that are hashed at the same time.
            hash_concurrency = cores(), counts(1..=MAX_THREADS);
            /// How long a request waits to hash a password before it is refused.
            hash_wait = "5s", durations(ZERO..=MINUTE);
        }

        "Tokens and sessions" {
            /// The lifetime of an access token.
            access_ttl = "15m", durations(SECOND..=DAY);
            /// The lifetime of a session that is not refreshed.
            refresh_ttl = "3h", durations(SECOND..=365 * DAY);
            /// The maximum lifetime of a session, however often it is refreshed.
            refresh_max_age = "30d", durations(SECOND..=365 * DAY);
            /// How long a refresh token is accepted again after its rotation, for two tabs or a lost response.
            refresh_grace = "10s", durations(ZERO..=5 * MINUTE);
            /// How long after a sign-in sensitive operations need no step-up authentication.
            fresh_for = "10m", durations(SECOND..=30 * DAY);
        }

        // The GraphQL parser overflows its stack at about 1,500 nested brackets; 200 is far below that.
        "GraphQL request limits" {
            /// The maximum depth of nested fields; below 15, tools cannot introspect the schema.
            limit_depth = "15", counts(1..=32);
            /// The maximum depth of nested brackets of any kind; selection sets are limited to 64 in any case.
            limit_nesting = "64", counts(1..=200);
            /// The maximum number of aliases in an operation.
            limit_aliases = "15", counts(1..=10_000);
            /// The maximum number of fields at the root of an operation.
            limit_root_fields = "20", counts(1..=1000);
            /// The maximum number of tokens in a document.
            limit_tokens = "4000", counts(1..=100_000);
            /// The maximum number of directives in an operation.
            limit_directives = "50", counts(1..=10_000);
            /// The maximum number of items in a list argument.
            limit_list_items = "1000", counts(1..=100_000);
            /// The maximum cost of an operation; a field costs 1, multiplied by the maximum sizes of the lists around
            /// it.
            limit_cost = "100000", counts(1..=1_000_000_000);
            /// The maximum number of errors in a response.
            limit_errors = "20", counts(1..=1000);
            /// The maximum number of requests in a batch; 0 disables batches.
            batch_size = "0", counts(0..=100);
        }

        "Documents" {
            /// A manifest of trusted documents, as written by graphql-codegen, Relay, or Apollo's tools.
            documents = unset("no document has an id"), path().optional();
            /// The documents that are executed: any (`off`), any and those of the manifest by id (`prefer`), or only
            /// those of the manifest (`require`).
            documents_mode = unset("`prefer` with a manifest, otherwise `off`"), choices(MODES).optional();
            /// The size of the cache of parsed and validated documents.
            document_cache = "16MiB", sizes::<usize>(4 * MIB..=4096 * MIB);
            /// The size of the cache of automatic persisted queries.
            persisted_query_cache = "4MiB", sizes::<usize>(MIB..=4096 * MIB);
            /// Whether introspection is allowed, which GraphiQL and code generators need; `off` also removes
            /// `/schema.graphql`.
            introspection = "on", choices(ON_OFF);
            /// Whether errors suggest similar names of the schema.
            suggestions = "on", choices(ON_OFF);
        }

        "HTTP" {
            /// The maximum size of a request body.
            body_limit = "1MiB", sizes::<usize>(KIB..=64 * MIB);
            /// How long a client may take to send the head of a request and, on a new connection, to begin the first
            /// one.
            header_timeout = "10s", durations(TENTH..=5 * MINUTE);
            /// How long a request may take before it is aborted.
            request_timeout = "30s", durations(TENTH..=HOUR);
            /// How long a client may read nothing of its pending responses before its connection is closed.
            response_timeout = "30s", durations(TENTH..=HOUR);
            /// How long a connection may be idle between two requests; the keep-alive of a proxy should be shorter.
            keep_alive_timeout = "75s", durations(TENTH..=HOUR);
            /// How long requests are still served after SIGTERM or SIGINT, while `/readyz` returns 503.
            shutdown_delay = "0s", durations(ZERO..=HOUR);
        }

        "Browsers" {
            /// The other origins that may use the API, of websites or of apps such as `capacitor://localhost`; with
            /// cookies, only those of the same site.
            cors_origins = unset("only the server's own pages"), origins();
            /// The domain that passkeys belong to: the host of the pages that use them, or a domain above it. Passkeys of one
            /// domain cannot be used with another.
            webauthn_rp_id = unset("the host of `USERPROFILE_PUBLIC_URL`"), domain_name().optional();
            /// The origins whose pages may use passkeys.
            webauthn_origins = unset("that of `USERPROFILE_PUBLIC_URL`, and those in `USERPROFILE_CORS_ORIGINS` on its host or a subdomain of it"), origins();
            /// Whether the account console is served at `/account`; it needs `USERPROFILE_COOKIES`.
            console = "on", choices(ON_OFF);
            /// Whether pages may keep their session in cookies, with the header `X-UserProfile-Session: cookie`.
            cookies = "on", choices(ON_OFF);
        }

        check {
            rules::check_mail(reader);
            rules::check_listeners(reader, listen, metrics_listen.flatten());
            rules::check_webhook(reader);
            rules::check_replica(reader, database_url.as_ref());
            rules::check_secret_key(reader);
            rules::check_manifest(reader, documents_mode.flatten());
            rules::check_argon2(reader, argon2_memory, argon2_parallelism);
        }
    }

    let base = public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
    let addresses = Addresses {
        rp_id: webauthn_rp_id.as_deref(),
        origins: &webauthn_origins,
        base: &base,
        cors_origins: &cors_origins,
    };
    passkeys::check(reader, addresses);
    let relying_party = passkeys::relying_party(addresses);
    let password_min_length = usize::try_from(password_min_length).unwrap_or(usize::MAX);
    let helo_name = smtp_helo_name.or_else(|| host(public_url.as_deref()?)).unwrap_or_else(|| "localhost".to_owned());
    let default_mode = if documents.is_some() { Mode::Prefer } else { Mode::Off };
    Some(Config {
        listen,
        database: database_url,
        database_connections,
        replica: database_replica_url,
        replica_max_lag,
        secret_key,
        secret_key_file,
        log_filter: rust_log,
        log_format,
        log_privacy,
        metrics_listen,
        otlp_endpoint,
        webauthn: relying_party.clone(),
        webhook: event_webhook_url.zip(event_webhook_secret).map(|(url, secret)| WebhookSettings { url, secret }),
        smtp: smtp_url.zip(mail_from).map(|(server, from)| SmtpSettings {
            helo_name,
            from_address: from.address,
            from_name: from.name,
            ..server
        }),
        links: Links {
            reset_password: reset_url.unwrap_or_else(|| format!("{base}/reset-password")),
            undo_email_change: format!("{base}/undo-email-change"),
            cancel_deletion: format!("{base}/cancel-deletion"),
        },
        account_deletion,
        policy: Policy {
            event_retention: delta(event_retention),
            lifetimes: Lifetimes {
                access: delta(access_ttl),
                refresh: delta(refresh_ttl),
                refresh_max_age: delta(refresh_max_age),
                refresh_grace: delta(refresh_grace),
                fresh_for: delta(fresh_for),
            },
            wrong_passwords: Backoff { free: password_free_tries, max_wait: delta(password_max_wait) },
            wrong_passwords_per_user: Backoff {
                free: password_free_tries_per_user,
                max_wait: delta(password_max_wait_per_user),
            },
            password_min_length,
            deletion: DeletionPolicy { is_allowed: account_deletion == Some(true), grace: delta(deletion_grace) },
            codes: CodePolicy {
                email_ttl: delta(code_ttl_email),
                mfa_ttl: delta(code_ttl_mfa),
                otp_enrolment_ttl: delta(otp_enrolment_ttl),
                reset_ttl: delta(reset_token_ttl),
                tries: code_tries,
                tries_per_day: Window { limit: code_tries_per_day, span: TimeDelta::days(1) },
            },
            sends: SendPolicy {
                per_minute: Window { limit: sends_per_minute, span: TimeDelta::minutes(1) },
                per_hour: per_hour(sends_per_hour),
                per_user: per_hour(sends_per_hour_per_user),
                per_client: per_hour(sends_per_hour_per_client),
            },
        },
        hashing: HashSettings {
            // The setting is in bytes; Argon2 uses KiB.
            memory: argon2_memory / 1024,
            iterations: argon2_iterations,
            parallelism: argon2_parallelism,
            concurrency: hash_concurrency,
            wait: hash_wait,
        },
        requests: limits::Settings {
            limits: Limits {
                depth: limit_depth,
                nesting: limit_nesting,
                aliases: limit_aliases,
                root_fields: limit_root_fields,
                tokens: limit_tokens,
                directives: limit_directives,
                list_items: limit_list_items,
                cost: limit_cost,
                errors: limit_errors,
            },
            introspection,
            suggestions,
            document_cache,
        },
        documents: DocumentSettings {
            manifest: documents,
            mode: documents_mode.unwrap_or(default_mode),
            automatic: persisted_query_cache,
        },
        http: HttpSettings {
            body_limit,
            batch_size,
            header_timeout,
            request_timeout,
            response_timeout,
            keep_alive_timeout,
            shutdown_delay,
            trusted_proxies,
            public_url,
            cors_origins,
            webauthn_origins: relying_party.map(|relying_party| relying_party.origins).unwrap_or_default(),
            takes_cookies: cookies,
            loopback_only: false,
            has_console: console && cookies,
            pages: PageSettings { app_url, password_min_length, demo: None },
        },
        warnings: vec![],
        settings: vec![],
    })
}

/// No value; the text says what happens without one.
fn unset(description: &'static str) -> DefaultValue {
    DefaultValue::unset(description)
}

/// The number of processors that the process may use.
fn cores() -> DefaultValue {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_THREADS));
    DefaultValue { text: cores.to_string(), description: Some("the number of cores") }
}

/// Converts a duration. The maximum of every setting fits.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn per_hour(limit: u32) -> Window {
    Window { limit, span: TimeDelta::hours(1) }
}

/// The host of a URL, without the brackets of an IPv6 address.
fn host(url: &str) -> Option<String> {
    Some(match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    })
}
