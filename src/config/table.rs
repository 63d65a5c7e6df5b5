//! The table of all settings. To add a setting, add it here: one sentence, and one line with the name of its field, its
//! type, its own name, its default, and the kind of value that it accepts. Flag, environment variable, key in the file,
//! parsing, `userprofile config`, and `docs/configuration.md` follow from that.

use std::{net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use ipnet::IpNet;

use super::{
    kinds::{
        BaseUrl, DatabaseUrl, DatabaseUrls, DocumentsMode, FilePath, HostName, LogFilter, LogFormat, Mailbox,
        Mailboxes, Networks, ON_OFF, Origins, PageUrl, SecretKeys, SmtpServer, SmtpUrls, SocketAddress, choices,
        counts, durations, optional, sizes,
    },
    secret::SecretKey,
    setting::{Fallback, Group as _, Setting, group, setting},
};

const ZERO: Duration = Duration::ZERO;
const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Every setting, group by group, in documentation order.
#[must_use]
pub fn settings() -> &'static [Setting] {
    static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        [
            Server::settings(),
            Database::settings(),
            MailSettings::settings(),
            KeySettings::settings(),
            Log::settings(),
            Codes::settings(),
            Sends::settings(),
            Passwords::settings(),
            Hashing::settings(),
            Tokens::settings(),
            Limits::settings(),
            Documents::settings(),
            Http::settings(),
            Browsers::settings(),
        ]
        .concat()
    });
    &SETTINGS
}

group! {
    /// Server
    pub(super) struct Server {
        /// Where the server listens; port 0 takes a free one.
        listen: SocketAddr = setting("listen", "127.0.0.1:8080", SocketAddress);
        /// The address under which people reach the server, the base of the links in mails.
        public_url: Option<String> = setting("public_url", unset("required with `SMTP_URL`"), optional(BaseUrl));
        /// The page that the link in a mail for a forgotten password opens; `#token=…` is put behind it.
        reset_url: Option<String> = setting("reset_url", unset("`{PUBLIC_URL}/reset-password`"), optional(PageUrl));
        /// The application that users sign in to; the pages behind emailed links lead to it when they are done.
        app_url: Option<String> = setting("app_url", unset("there is no link"), optional(PageUrl));
        /// The proxies whose `X-Forwarded-For` is believed.
        trusted_proxies: Vec<IpNet> = setting("trusted_proxies", unset("none is believed"), Networks);
    }
}

group! {
    /// Database
    pub struct Database {
        /// The database: a file for trying out and small installations, a PostgreSQL server for all else.
        url: DatabaseUrl = setting("database_url", "sqlite:userprofile.db", DatabaseUrls)
            .unprefixed()
            .or_in("database_url_file");
        /// A file that holds the address of the database, in place of `DATABASE_URL`.
        url_file: Option<PathBuf> =
            setting("database_url_file", unset("not used"), optional(FilePath)).unprefixed();
        /// The most connections to the database that are open at once.
        connections: u32 = setting("database_connections", "16", counts(1..=1000));
    }
}

group! {
    /// Mail
    pub(super) struct MailSettings {
        /// The server that takes the mails, with user and password in it: `smtp://` is plain, `smtp+starttls://`
        /// insists on TLS, `smtps://` is TLS from the start.
        smtp_url: Option<SmtpServer> =
            setting("smtp_url", unset("what needs mail answers UNAVAILABLE"), optional(SmtpUrls))
                .unprefixed()
                .or_in("smtp_url_file");
        /// A file that holds the address of the mail server, in place of `SMTP_URL`.
        smtp_url_file: Option<PathBuf> =
            setting("smtp_url_file", unset("not used"), optional(FilePath)).unprefixed();
        /// Whom the mails are from.
        mail_from: Option<Mailbox> =
            setting("mail_from", unset("required with `SMTP_URL`"), optional(Mailboxes)).unprefixed();
        /// The name that this server gives the mail server in EHLO; many refuse one that is not fully qualified.
        smtp_helo_name: Option<String> =
            setting("smtp_helo_name", unset("the host of `USERPROFILE_PUBLIC_URL`"), optional(HostName));
    }
}

group! {
    /// Secret key
    pub(super) struct KeySettings {
        /// The key that protects what the database must be able to read again; keep it out of the command line,
        /// where other users of the machine can see it.
        secret_key: Option<SecretKey> =
            setting("secret_key", unset("made beside a SQLite file; required on PostgreSQL"), optional(SecretKeys));
        /// A file that holds the secret key, in place of `USERPROFILE_SECRET_KEY`.
        secret_key_file: Option<PathBuf> = setting("secret_key_file", unset("not used"), optional(FilePath));
    }
}

group! {
    /// Log
    pub struct Log {
        /// What is logged: a level, and levels for parts of the program.
        filter: String = setting("rust_log", "info", LogFilter).unprefixed();
        /// How the log is written.
        format: Option<LogFormat> =
            setting("log_format", unset("`text` on a terminal, else `json`"), optional(choices(LogFormat::ALL)));
    }
}

group! {
    /// Codes and links sent by mail
    pub struct Codes {
        /// How long a code that proves an e-mail address is good.
        email_ttl: Duration = setting("code_ttl_email", "10m", durations(SECOND..=DAY));
        /// How long a code for a sign-in, or for a change of the second factor, is good.
        mfa_ttl: Duration = setting("code_ttl_mfa", "5m", durations(SECOND..=HOUR));
        /// How long one has to confirm an authenticator app.
        otp_enrolment_ttl: Duration = setting("otp_enrolment_ttl", "15m", durations(SECOND..=DAY));
        /// How long the link in a mail for a forgotten password is good.
        reset_token_ttl: Duration = setting("reset_token_ttl", "30m", durations(SECOND..=7 * DAY));
        /// How many wrong tries a code bears.
        tries: u32 = setting("code_tries", "5", counts(1..=1000));
        /// How many wrong tries a user has in a rolling day, counted apart for sign-in, signed-in sessions and
        /// recovery codes.
        tries_per_day: u32 = setting("code_tries_per_day", "20", counts(1..=100_000));
    }
}

group! {
    /// How much mail is sent
    pub struct Sends {
        /// The most codes or links a minute for one purpose, user and address.
        per_minute: u32 = setting("sends_per_minute", "1", counts(1..=1_000_000));
        /// The most codes or links an hour for one purpose, user and address.
        per_hour: u32 = setting("sends_per_hour", "5", counts(1..=1_000_000));
        /// The most codes an hour for one signed-in user, whatever the purpose and address.
        per_hour_per_user: u32 = setting("sends_per_hour_per_user", "20", counts(1..=1_000_000));
        /// The most codes or links an hour for one client address, not counting codes sent after a right password.
        per_hour_per_client: u32 = setting("sends_per_hour_per_client", "30", counts(1..=1_000_000));
    }
}

group! {
    /// Passwords
    pub struct Passwords {
        /// The fewest characters of a password.
        min_length: u32 = setting("password_min_length", "8", counts(8..=64));
        /// How many wrong passwords from one network are free before a user's tries from there have to wait.
        free_tries: u32 = setting("password_free_tries", "5", counts(0..=1_000_000));
        /// The longest wait after wrong passwords from one network; it starts at a second and doubles.
        max_wait: Duration = setting("password_max_wait", "15m", durations(SECOND..=DAY));
        /// How many wrong passwords from all networks together are free before a user's tries have to wait.
        free_tries_per_user: u32 = setting("password_free_tries_per_user", "50", counts(0..=1_000_000));
        /// The longest wait after wrong passwords from all networks together; it starts at a second and doubles.
        max_wait_per_user: Duration = setting("password_max_wait_per_user", "60s", durations(SECOND..=DAY));
    }
}

// A new hash must be accepted by an import elsewhere, which accepts at most 64 MiB and 10 iterations.
group! {
    /// Hashing of passwords
    pub struct Hashing {
        /// The memory that Argon2id fills for one password, in bytes.
        argon2_memory: u32 = setting("argon2_memory", "19MiB", sizes::<u32>(8 * KIB..=64 * MIB));
        /// How often Argon2id passes over that memory.
        argon2_iterations: u32 = setting("argon2_iterations", "2", counts(1..=10));
        /// The lanes of Argon2id.
        argon2_parallelism: u32 = setting("argon2_parallelism", "1", counts(1..=16));
        /// How many passwords are hashed at once.
        concurrency: usize = setting("hash_concurrency", cores(), counts(1..=MOST_THREADS));
        /// How long a request waits for its turn at hashing before it is refused.
        wait: Duration = setting("hash_wait", "5s", durations(ZERO..=MINUTE));
    }
}

group! {
    /// Tokens and sessions
    pub struct Tokens {
        /// How long an access token is good.
        access_ttl: Duration = setting("access_ttl", "15m", durations(SECOND..=DAY));
        /// How long a session lives without a refresh.
        refresh_ttl: Duration = setting("refresh_ttl", "3h", durations(SECOND..=365 * DAY));
        /// How long a session lives at most, however often it is refreshed.
        refresh_max_age: Duration = setting("refresh_max_age", "30d", durations(SECOND..=365 * DAY));
        /// How long a refresh token is taken once more after its rotation, for two tabs or a lost answer.
        refresh_grace: Duration = setting("refresh_grace", "10s", durations(ZERO..=5 * MINUTE));
        /// How long after a sign-in sensitive changes need no password again.
        fresh_for: Duration = setting("fresh_for", "10m", durations(SECOND..=30 * DAY));
    }
}

// The GraphQL parser overflows its stack at about 1,500 nested brackets; 200 is far below that.
group! {
    /// Limits of a GraphQL request
    pub struct Limits {
        /// How deep fields may be nested; below 15, tools cannot read the schema any more.
        depth: usize = setting("limit_depth", "15", counts(1..=32));
        /// How deep brackets of any kind may be nested; selection sets never deeper than 64.
        nesting: usize = setting("limit_nesting", "64", counts(1..=200));
        /// The most aliases of an operation.
        aliases: usize = setting("limit_aliases", "15", counts(1..=10_000));
        /// The most fields at the root of an operation.
        root_fields: usize = setting("limit_root_fields", "20", counts(1..=1000));
        /// The most tokens of a document.
        tokens: usize = setting("limit_tokens", "4000", counts(1..=100_000));
        /// The most directives of an operation.
        directives: usize = setting("limit_directives", "50", counts(1..=10_000));
        /// The most items of a list that is an argument.
        list_items: usize = setting("limit_list_items", "1000", counts(1..=100_000));
        /// The most that an operation may cost: each field 1, as often as the lists that it stands in may hold things.
        cost: usize = setting("limit_cost", "100000", counts(1..=1_000_000_000));
        /// The most errors that an answer lists.
        errors: usize = setting("limit_errors", "20", counts(1..=1000));
        /// The most requests in one batch; 0 switches batches off.
        batch_size: usize = setting("batch_size", "0", counts(0..=100));
    }
}

group! {
    /// Documents
    pub struct Documents {
        /// A manifest with the documents of your front ends, as graphql-codegen, Relay or Apollo's tools write it.
        manifest: Option<PathBuf> = setting("documents", unset("no document has an id"), optional(FilePath));
        /// Which documents are executed: any (`off`), any and those of the manifest by their ids (`prefer`), or those of
        /// the manifest alone (`require`).
        mode: Option<DocumentsMode> = setting(
            "documents_mode",
            unset("`prefer` with a manifest, else `off`"),
            optional(choices(DocumentsMode::ALL)),
        );
        /// For how many bytes documents are kept, parsed and validated, that were executed before.
        cache: usize = setting("document_cache", "16MiB", sizes::<usize>(4 * MIB..=4096 * MIB));
        /// For how many bytes documents are kept that clients named by their digest (automatic persisted queries).
        automatic: usize = setting("persisted_query_cache", "4MiB", sizes::<usize>(MIB..=4096 * MIB));
        /// Whether clients may ask for the schema; GraphiQL and code generators do. Off, `/schema.graphql` is gone, too.
        introspection: bool = setting("introspection", "on", choices(ON_OFF));
        /// Whether an error tells names of the schema that were perhaps meant.
        suggestions: bool = setting("suggestions", "on", choices(ON_OFF));
    }
}

group! {
    /// HTTP
    pub struct Http {
        /// The most bytes of a request's body.
        body_limit: usize = setting("body_limit", "1MiB", sizes::<usize>(KIB..=64 * MIB));
        /// How long a client may take to send the head of a request, and, on a new connection, to begin its first one.
        header_timeout: Duration = setting("header_timeout", "10s", durations(TENTH..=5 * MINUTE));
        /// How long a request may take before it is given up.
        request_timeout: Duration = setting("request_timeout", "30s", durations(TENTH..=HOUR));
        /// How long a client may read nothing of the responses that wait for it before its connection is closed.
        response_timeout: Duration = setting("response_timeout", "30s", durations(TENTH..=HOUR));
        /// How long a connection stays open between two requests; set a proxy's keep-alive below this.
        keep_alive_timeout: Duration = setting("keep_alive_timeout", "75s", durations(TENTH..=HOUR));
        /// How long requests are still served after SIGTERM or SIGINT, while `/readyz` returns 503.
        shutdown_delay: Duration = setting("shutdown_delay", "0s", durations(ZERO..=HOUR));
    }
}

group! {
    /// Browsers
    pub struct Browsers {
        /// The other origins whose pages may use the API, of websites or of apps such as `capacitor://localhost`; with cookies
        /// only those of the same site.
        cors_origins: Vec<String> = setting("cors_origins", unset("only our own pages may"), Origins);
        /// Whether a page may have its session kept in cookies, by the header `X-UserProfile-Session: cookie`.
        cookies: bool = setting("cookies", "on", choices(ON_OFF));
    }
}

const MOST_THREADS: usize = 1024;

/// No value; `then` says what happens without one.
fn unset(then: &'static str) -> Fallback {
    Fallback::Unset(then)
}

/// The number of processors that the process may use.
fn cores() -> Fallback {
    Fallback::Computed {
        value: || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS)).to_string(),
        told: "the number of cores",
    }
}
