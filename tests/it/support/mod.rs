//! What the tests share: a server on its own database, a clock that the test sets, a client, and builders of import
//! lines.

pub mod authenticator;
mod builders;
mod client;
mod clock;
pub mod database;
mod log;
pub mod logging;
pub mod mail;
pub mod server;

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use userprofile::domain::attempts::Backoff;
use userprofile::domain::keyring::{Keyring, SecretKeys};
use userprofile::domain::rate_limit::Window;
use userprofile::domain::secret::SecretKey;
use userprofile::domain::session::Lifetimes;
use userprofile::graphql::documents::Documents;
use userprofile::graphql::limits::Settings;
use userprofile::graphql::{self, Api};
use userprofile::http::{self, HttpSettings, PageSettings, SchemaText, ServerOptions};
use userprofile::mail::Transport;
use userprofile::services::hasher::{HashSettings, Hasher};
use userprofile::services::outbox::Mailer;
use userprofile::services::secret_keys::{self, SecretKeyError};
use userprofile::services::transfer::import::ImportOptions;
use userprofile::services::{CodePolicy, DeletionPolicy, Links, Policy, RefusalLimit, SendPolicy, Services};
use userprofile::storage::Db;
use userprofile::storage::db::Location;
use userprofile::storage::replica::Replica;
use userprofile::webauthn::{RelyingParty, WebauthnSettings};
use userprofile::webhook::{Webhook, WebhookSettings};

pub use builders::{Domain, RoleBinding, User, Workspace, WorkspaceGroup};
pub use client::{Client, Response, Tokens};
pub use clock::ManualClock;
pub use log::CapturedLog;
pub use mail::{MailServer, Message};

/// The password of every user, unless a test sets another.
pub const PASSWORD: &str = "correct horse 7";
/// The domain of most tests.
pub const DOMAIN: &str = "domain-a";

/// A complete server without a socket: clients send requests directly into its HTTP layer.
pub struct TestApp {
    /// The services that the HTTP layer uses.
    pub services: Arc<Services>,
    /// The server's clock.
    pub clock: Arc<ManualClock>,
    /// The sender address of its messages, at [`MailServer::shared`].
    sender: String,
    http_app: http::App,
    /// Set if this is the only server on the database, which is dropped with it.
    database: Option<Arc<database::Database>>,
}

impl TestApp {
    /// A server on an empty database.
    pub async fn start() -> Self {
        let database = database::create().await;
        let app = Self::on(&database).await;
        Self { database: Some(Arc::new(database)), ..app }
    }

    /// A server on a database that may have others.
    pub async fn on(database: &database::Database) -> Self {
        Self::at(&database.location()).await
    }

    /// Another server on a database, with the clock of the first.
    pub async fn with_clock(database: &database::Database, clock: Arc<ManualClock>) -> Self {
        Self::build(&database.location(), clock).await
    }

    /// A server on the database at `location`.
    pub async fn at(location: &Location) -> Self {
        Self::build(location, Arc::new(ManualClock::default())).await
    }

    /// A server on an empty database with this mail transport, or without mail.
    pub async fn with_transport(transport: Option<Transport>) -> Self {
        let database = database::create().await;
        let app = Self::build_with(&database.location(), Arc::default(), transport).await;
        Self { database: Some(Arc::new(database)), ..app }
    }

    /// Another server on a database, with the clock of the first and this mail transport.
    pub async fn sharing(database: &database::Database, clock: Arc<ManualClock>, transport: Transport) -> Self {
        Self::build_with(&database.location(), clock, Some(transport)).await
    }

    /// Another server on a database, with the clock of the first and without mail.
    pub async fn without_mail(database: &database::Database, clock: Arc<ManualClock>) -> Self {
        Self::build_with(&database.location(), clock, None).await
    }

    /// One of several servers on the database at `location`, with the clock of the others. Returns the sender of its
    /// messages, too.
    pub async fn one_of_several(location: &Location, clock: Arc<ManualClock>) -> (Self, String) {
        let app = Self::build(location, clock).await;
        let sender = app.sender.clone();
        (app, sender)
    }

    async fn build(location: &Location, clock: Arc<ManualClock>) -> Self {
        let (transport, sender) = MailServer::shared().transport();
        Self { sender, ..Self::build_with(location, clock, Some(transport)).await }
    }

    async fn build_with(location: &Location, clock: Arc<ManualClock>, transport: Option<Transport>) -> Self {
        let db = Db::open(location, 8).await.unwrap();
        let key = SecretKey::new([7; 32]);
        Self::assemble(db, None, Keyring::new(SecretKeys::new(key.clone(), Vec::new()), key), clock, transport)
    }

    /// The same server with a webhook.
    pub fn with_webhook(self, settings: WebhookSettings) -> Self {
        self.with(|services| services.webhook = Some(Webhook::new(settings).unwrap()))
    }

    /// The same server with changed limits.
    pub fn with_policy(self, change: impl FnOnce(&mut Policy)) -> Self {
        self.with(|services| change(&mut services.policy))
    }

    fn with(self, change: impl FnOnce(&mut Services)) -> Self {
        let mut services = (*self.services).clone();
        change(&mut services);
        let Self { clock, sender, database, .. } = self;
        Self { sender, database, ..Self::with_services(services, clock) }
    }

    /// A server that reads lists from a replica of its database.
    pub async fn with_replica(primary: &Location, replica: &Location, max_lag: Duration) -> Self {
        let db = Db::open(primary, 8).await.unwrap();
        let replica = db.open_replica(replica, 8).await.unwrap();
        let key = SecretKey::new([7; 32]);
        let keyring = Keyring::new(SecretKeys::new(key.clone(), Vec::new()), key);
        Self::assemble(db, Some(Replica::new(replica, max_lag)), keyring, Arc::default(), None)
    }

    /// Another server on a database, with the clock of the first and these keys, or why it does not start.
    pub async fn with_keys(
        database: &database::Database,
        clock: Arc<ManualClock>,
        keys: SecretKeys,
    ) -> Result<Self, SecretKeyError> {
        let db = Db::open(&database.location(), 8).await.unwrap();
        let keyring = secret_keys::open(&db, keys).await?;
        secret_keys::announce(&db, keyring.keys()).await.map_err(SecretKeyError::from)?;
        let (transport, sender) = MailServer::shared().transport();
        Ok(Self { sender, ..Self::assemble(db, None, keyring, clock, Some(transport)) })
    }

    fn assemble(
        db: Db,
        replica: Option<Replica>,
        keyring: Keyring,
        clock: Arc<ManualClock>,
        transport: Option<Transport>,
    ) -> Self {
        let services = Services {
            db,
            replica,
            clock: clock.clone(),
            keyring: Arc::new(keyring),
            hasher: Hasher::start(HASHING).unwrap(),
            links: Links {
                reset_password: "https://id.test/reset-password".to_owned(),
                undo_email_change: "https://id.test/undo-email-change".to_owned(),
                cancel_deletion: "https://id.test/cancel-deletion".to_owned(),
            },
            mail: transport.map(Mailer::new),
            webhook: None,
            relying_party: Some(relying_party()),
            policy: POLICY,
            refusals: RefusalLimit::default(),
        };
        Self::with_services(services, clock)
    }

    fn with_services(services: Services, clock: Arc<ManualClock>) -> Self {
        log::start();
        let services = Arc::new(services);
        let api =
            Api::new(services.clone(), graphql::request_limits(Settings::default()), Documents::untrusted(1 << 20));
        let http_app = http_app(api, 0);
        Self { services, clock, sender: String::new(), http_app, database: None }
    }

    /// Records that the database is used with the key of this server, as `serve` does.
    pub async fn use_key(&self) {
        secret_keys::open(&self.services.db, self.services.keyring.keys().clone()).await.unwrap();
    }

    /// Imports lines. Panics if they have errors.
    pub async fn import(&self, lines: &str) {
        let source = Cursor::new(lines.to_owned().into_bytes());
        self.services
            .import(source, ImportOptions::default(), |_| {})
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// A server with one domain, [`DOMAIN`], and these users: see [`User::new`].
    pub async fn with_users(users: &[&str]) -> Self {
        let app = Self::start().await;
        app.import_users(&users.iter().map(|user_id| User::new(user_id)).collect::<Vec<_>>()).await;
        app
    }

    /// A server with one domain, [`DOMAIN`], and this user.
    pub async fn with_user(user: User) -> Self {
        let app = Self::start().await;
        app.import_users(&[user]).await;
        app
    }

    /// Imports the domain [`DOMAIN`] and users.
    pub async fn import_users(&self, users: &[User]) {
        self.import(&(domain(DOMAIN) + &users.iter().map(User::line).collect::<String>())).await;
    }

    /// Sends all messages in the outbox, and returns all messages that the mail server has received so far.
    pub async fn messages(&self) -> Vec<Message> {
        while self.services.run_next_job().await.unwrap() {}
        self.received_messages()
    }

    /// All messages that the mail server has received so far.
    pub fn received_messages(&self) -> Vec<Message> {
        MailServer::shared().received(&self.sender)
    }

    /// The last message to an address.
    pub async fn last_message(&self, to: &str) -> Message {
        let messages = self.messages().await;
        let last = messages
            .iter()
            .rev()
            .find(|message| message.recipients.len() == 1 && message.recipients[0].eq_ignore_ascii_case(to));
        last.unwrap_or_else(|| panic!("no message to {to} among {messages:#?}")).clone()
    }

    /// The verification code in the last message to an address.
    pub async fn code(&self, to: &str) -> String {
        self.last_message(to).await.code()
    }

    /// The HTTP layer, for clients of another server.
    pub fn http_app(&self) -> http::App {
        self.http_app.clone()
    }

    /// Another API over the same services.
    pub fn api(&self, settings: Settings) -> Api {
        Api::new(self.services.clone(), graphql::request_limits(settings), Documents::untrusted(1 << 20))
    }

    /// The status of `/readyz`.
    pub async fn readiness(&self) -> u16 {
        let client = self.client();
        let request = client.request(axum::http::Method::GET, "/readyz").body(axum::body::Body::empty()).unwrap();
        client.send(request).await.status.as_u16()
    }

    /// A client without a session.
    pub fn client(&self) -> Client {
        Client::new(self.http_app.clone(), self.database.clone())
    }

    /// A client that is signed in with [`PASSWORD`].
    pub async fn signed_in(&self, domain: &str, user: &str) -> Client {
        let mut client = self.client();
        client.sign_in(domain, user, PASSWORD).await;
        client
    }

    /// The number of statements that `work` executes, and its result.
    pub async fn count_statements<R>(&self, work: impl Future<Output = R>) -> (u64, R) {
        let before = self.services.db.statements();
        let result = work.await;
        (self.services.db.statements() - before, result)
    }
}

/// The HTTP layer of an API, with batches of up to this many requests.
pub fn http_app(api: Api, batch_size: usize) -> http::App {
    http_app_with(api, |options| options.settings.batch_size = batch_size)
}

/// The HTTP layer of an API, with changed options.
pub fn http_app_with(api: Api, change: impl FnOnce(&mut ServerOptions)) -> http::App {
    let mut options = server_options(api);
    change(&mut options);
    http::App::new(options)
}

/// The options of a server of an API.
pub fn server_options(api: Api) -> ServerOptions {
    let metrics = api.metrics().clone();
    ServerOptions {
        api: api.into(),
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
            webauthn_origins: relying_party_settings().origins,
            takes_cookies: true,
            loopback_only: false,
            has_console: true,
            pages: PageSettings { app_url: None, password_min_length: 8, demo: None },
        },
        schema: Some(SchemaText { api: graphql::sdl, subgraph: graphql::subgraph_sdl }),
        mailbox: None,
        random: || [1; 16],
        metrics,
    }
}

/// The import line of a domain.
pub fn domain(id: &str) -> String {
    Domain::new(id).line()
}

/// The import line of a user, with `more` fields, such as `"state":"DISABLED"`. [`User`] has builders for them.
pub fn user(domain: &str, user_id: &str, more: &str) -> String {
    let name = user_id.split('@').next().unwrap_or_default().to_uppercase();
    let separator = if more.is_empty() { "" } else { "," };
    format!(
        "{{\"kind\":\"user\",\"domain_id\":\"{domain}\",\"user_id\":\"{user_id}\",\"name\":\"{name}\",\
         \"password\":\"{PASSWORD}\"{separator}{more}}}\n"
    )
}

/// Weak and fast, because these tests do not depend on the strength of hashes.
const HASHING: HashSettings =
    HashSettings { memory: 8, iterations: 1, parallelism: 1, concurrency: 2, wait: Duration::from_secs(5) };

/// The default values of the settings.
const POLICY: Policy = Policy {
    event_retention: TimeDelta::days(90),
    lifetimes: Lifetimes {
        access: TimeDelta::minutes(15),
        refresh: TimeDelta::hours(3),
        refresh_max_age: TimeDelta::days(30),
        refresh_grace: TimeDelta::seconds(10),
        fresh_for: TimeDelta::minutes(10),
    },
    wrong_passwords: Backoff { free: 5, max_wait: TimeDelta::minutes(15) },
    wrong_passwords_per_user: Backoff { free: 50, max_wait: TimeDelta::seconds(60) },
    password_min_length: 8,
    deletion: DeletionPolicy { is_allowed: true, grace: TimeDelta::days(14) },
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

fn relying_party() -> RelyingParty {
    RelyingParty::new(&relying_party_settings()).unwrap()
}

fn relying_party_settings() -> WebauthnSettings {
    WebauthnSettings {
        rp_id: authenticator::RP_ID.to_owned(),
        rp_name: "UserProfile".to_owned(),
        origins: vec![authenticator::ORIGIN.parse().unwrap()],
        any_port: false,
    }
}
