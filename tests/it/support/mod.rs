//! What the tests share: a whole server on a database of its own, a clock to be moved by hand, and a client.

mod client;
mod clock;
pub mod database;
mod log;
pub mod mail;
pub mod server;

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::TimeDelta;
use userprofile::domain::attempts::Throttle;
use userprofile::domain::secret::SecretKey;
use userprofile::domain::session::Lifetimes;
use userprofile::domain::tally::Window;
use userprofile::graphql::documents::Documents;
use userprofile::graphql::limits::Settings;
use userprofile::graphql::{self, Api};
use userprofile::http::{self, HttpSettings, PageSettings, SchemaText, Site};
use userprofile::mail::Transport;
use userprofile::services::hasher::{HashSettings, Hasher};
use userprofile::services::import::ImportOptions;
use userprofile::services::outbox::Post;
use userprofile::services::{CodePolicy, Links, Policy, RefusalLimit, SendPolicy, Services};
use userprofile::storage::Db;
use userprofile::storage::db::Location;

pub use client::{Answer, Client, Tokens};
pub use clock::ManualClock;
pub use log::CapturedLog;
pub use mail::{Mail, MailServer};

/// The password of every user that a test does not give another.
pub const PASSWORD: &str = "correct horse 7";
/// The domain that most tests need only one of.
pub const DOMAIN: &str = "domain-a";

/// A whole server, without a socket: requests go into its router.
pub struct TestApp {
    /// The same services that the router uses.
    pub services: Arc<Services>,
    /// The time.
    pub clock: Arc<ManualClock>,
    /// Whom its mails are from, at [`MailServer::shared`].
    sender: String,
    router: Router,
    /// Gone with the server, where it has one for itself.
    database: Option<Arc<database::Database>>,
}

impl TestApp {
    /// A server on an empty database.
    pub async fn start() -> Self {
        let database = database::create().await;
        let app = Self::on(&database).await;
        Self { database: Some(Arc::new(database)), ..app }
    }

    /// One more server on a database.
    pub async fn on(database: &database::Database) -> Self {
        Self::at(&database.location()).await
    }

    /// One more server, at the time of another.
    pub async fn with_clock(database: &database::Database, clock: Arc<ManualClock>) -> Self {
        Self::build(&database.location(), clock).await
    }

    /// A server on whatever is at `location`.
    pub async fn at(location: &Location) -> Self {
        Self::build(location, Arc::new(ManualClock::default())).await
    }

    /// A server on an empty database whose mails go by this way, or not at all.
    pub async fn with_transport(transport: Option<Transport>) -> Self {
        let database = database::create().await;
        let app = Self::build_with(&database.location(), Arc::default(), transport).await;
        Self { database: Some(Arc::new(database)), ..app }
    }

    /// One more server on a database, at the time of another, whose mails go this way.
    pub async fn sharing(database: &database::Database, clock: Arc<ManualClock>, transport: Transport) -> Self {
        Self::build_with(&database.location(), clock, Some(transport)).await
    }

    /// One more server on a database, at the time of another, that has no mail server.
    pub async fn without_mail(database: &database::Database, clock: Arc<ManualClock>) -> Self {
        Self::build_with(&database.location(), clock, None).await
    }

    async fn build(location: &Location, clock: Arc<ManualClock>) -> Self {
        let (transport, sender) = MailServer::shared().transport();
        Self { sender, ..Self::build_with(location, clock, Some(transport)).await }
    }

    async fn build_with(location: &Location, clock: Arc<ManualClock>, transport: Option<Transport>) -> Self {
        log::start();
        let db = Db::open(location, 8).await.unwrap();
        let services = Arc::new(Services {
            db,
            clock: clock.clone(),
            secret_key: SecretKey::new([7; 32]),
            hasher: Hasher::start(HASHING).unwrap(),
            links: Links {
                reset_password: "https://id.test/reset-password".to_owned(),
                undo_email_change: "https://id.test/undo-email-change".to_owned(),
            },
            mail: transport.map(Post::new),
            policy: POLICY,
            refusals: RefusalLimit::default(),
        });
        let api =
            Api::new(services.clone(), graphql::request_limits(Settings::default()), Documents::untrusted(1 << 20));
        let router = router(api, 0);
        Self { services, clock, sender: String::new(), router, database: None }
    }

    /// Imports lines, which must be right.
    pub async fn import(&self, lines: &str) {
        let source = Cursor::new(lines.to_owned().into_bytes());
        self.services
            .import(source, ImportOptions::default(), |_| {})
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// A domain with the given users, all of them ENABLED, with [`PASSWORD`], and a name that is their user id's first
    /// part in capitals.
    pub async fn with_users(users: &[&str]) -> Self {
        let app = Self::start().await;
        let mut lines = domain(DOMAIN);
        for user in users {
            lines.push_str(&self::user(DOMAIN, user, ""));
        }
        app.import(&lines).await;
        app
    }

    /// Does all that waits in the outbox, and tells all mails that the mail server took so far.
    pub async fn mails(&self) -> Vec<Mail> {
        while self.services.work_once().await.unwrap() {}
        MailServer::shared().received(&self.sender)
    }

    /// The last mail to an address.
    pub async fn last_mail(&self, to: &str) -> Mail {
        let mails = self.mails().await;
        let last =
            mails.iter().rev().find(|mail| mail.recipients.len() == 1 && mail.recipients[0].eq_ignore_ascii_case(to));
        last.unwrap_or_else(|| panic!("no mail to {to} among {mails:#?}")).clone()
    }

    /// The code in the last mail to an address.
    pub async fn code(&self, to: &str) -> String {
        self.last_mail(to).await.code()
    }

    /// Another API over the same services.
    pub fn api(&self, settings: Settings) -> Api {
        Api::new(self.services.clone(), graphql::request_limits(settings), Documents::untrusted(1 << 20))
    }

    /// The status that `/readyz` answers with.
    pub async fn readiness(&self) -> u16 {
        let client = self.client();
        let request = client.request(axum::http::Method::GET, "/readyz").body(axum::body::Body::empty()).unwrap();
        client.send(request).await.status.as_u16()
    }

    /// A client that is nobody yet.
    pub fn client(&self) -> Client {
        Client::new(self.router.clone(), self.database.clone())
    }

    /// A client that is signed in, with [`PASSWORD`].
    pub async fn signed_in(&self, domain: &str, user: &str) -> Client {
        let mut client = self.client();
        client.sign_in(domain, user, PASSWORD).await;
        client
    }

    /// How many statements `work` takes, and what came of it.
    pub async fn count_statements<R>(&self, work: impl Future<Output = R>) -> (u64, R) {
        let before = self.services.db.statements();
        let result = work.await;
        (self.services.db.statements() - before, result)
    }
}

/// The server over an API, with batches of so many requests.
pub fn router(api: Api, batch_size: usize) -> Router {
    router_with(api, |site| site.settings.batch_size = batch_size)
}

/// The server over an API, changed in some way.
pub fn router_with(api: Api, change: impl FnOnce(&mut Site<Api>)) -> Router {
    let mut site = site(api);
    change(&mut site);
    http::router(site)
}

/// What a server serves over an API.
pub fn site(api: Api) -> Site<Api> {
    Site {
        api,
        settings: HttpSettings {
            body_limit: 1024 * 1024,
            batch_size: 0,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(75),
            shutdown_delay: Duration::ZERO,
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            public_url: None,
            cors_origins: vec!["https://app.test".to_owned()],
            takes_cookies: true,
            loopback_only: false,
            pages: PageSettings { app_url: None, password_min_length: 8, demo: None },
        },
        schema: Some(SchemaText { api: graphql::sdl(), subgraph: graphql::subgraph_sdl() }),
        mailbox: None,
        random: || [1; 16],
    }
}

/// The line of a domain.
pub fn domain(id: &str) -> String {
    format!("{{\"kind\":\"domain\",\"domain_id\":\"{id}\",\"name\":\"{id}\"}}\n")
}

/// The line of a user, with `more` fields, such as `"state":"DISABLED"`.
pub fn user(domain: &str, user_id: &str, more: &str) -> String {
    let name = user_id.split('@').next().unwrap_or_default().to_uppercase();
    let separator = if more.is_empty() { "" } else { "," };
    format!(
        "{{\"kind\":\"user\",\"domain_id\":\"{domain}\",\"user_id\":\"{user_id}\",\"name\":\"{name}\",\
         \"password\":\"{PASSWORD}\"{separator}{more}}}\n"
    )
}

/// Weak and fast: the strength of hashes is not what these tests are about.
const HASHING: HashSettings =
    HashSettings { memory: 8, iterations: 1, parallelism: 1, concurrency: 2, wait: Duration::from_secs(5) };

/// The defaults.
const POLICY: Policy = Policy {
    lifetimes: Lifetimes {
        access: TimeDelta::minutes(15),
        refresh: TimeDelta::hours(3),
        refresh_max_age: TimeDelta::days(30),
        refresh_grace: TimeDelta::seconds(10),
        fresh_for: TimeDelta::minutes(10),
    },
    wrong_passwords: Throttle { free: 5, max_wait: TimeDelta::minutes(15) },
    wrong_passwords_per_user: Throttle { free: 50, max_wait: TimeDelta::seconds(60) },
    password_min_length: 8,
    codes: CodePolicy {
        email_ttl: TimeDelta::minutes(10),
        mfa_ttl: TimeDelta::minutes(5),
        otp_enrolment_ttl: TimeDelta::minutes(15),
        reset_ttl: TimeDelta::minutes(30),
        tries: 5,
        tries_per_day: Window { limit: 20, span: TimeDelta::days(1) },
    },
    sends: SendPolicy {
        per_minute: Window { limit: 1, span: TimeDelta::minutes(1) },
        per_hour: Window { limit: 5, span: TimeDelta::hours(1) },
        per_user: Window { limit: 20, span: TimeDelta::hours(1) },
        per_client: Window { limit: 30, span: TimeDelta::hours(1) },
    },
};
