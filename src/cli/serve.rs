//! `serve`.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::arguments::ServeOptions;
use super::error::CliError;
use super::{demo, documents, log, output, set_up};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Limits};
use crate::entropy;
use crate::graphql::limits::{Limits as RequestLimits, Settings};
use crate::graphql::{self, Api};
use crate::http::{self, HttpSettings, Mails, PageSettings, SampleUsers, SchemaText, Site};
use crate::mail::{Mailbox, Transport};
use crate::services::Services;

/// How often expired data is pruned.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// How often the server checks whether the clock was set back.
const CHECK_CLOCK_EVERY: Duration = Duration::from_secs(1);
/// How often stored times are corrected even if this server's clock was not set back: another server's clock may have
/// been.
const CORRECT_TIMES_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How long the delivery of a message may still take after the last request.
const FINISH_MAIL_WITHIN: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop.
pub(super) async fn serve(config: Config, options: ServeOptions) -> Result<(), CliError> {
    log::start(&config)?;
    if options.demo {
        demo::check_place(&config)?;
    }
    if config.mail.is_none() && !options.demo {
        tracing::warn!("SMTP_URL is not set: no mail can be sent, and what needs mail answers UNAVAILABLE");
    }
    // Before anything is opened: an invalid manifest is an invalid setting.
    let limits = graphql::request_limits(limit_settings(&config));
    let documents = documents::documents(&config, &limits)?;
    // A demo sends no messages; it shows them.
    let mailbox = options.demo.then(Mailbox::new);
    let services = Arc::new(match &mailbox {
        Some(mailbox) => {
            let transport = Some(Transport::Mailbox(mailbox.clone()));
            set_up::services_with(&config, options.migrate, transport).await?
        }
        None => set_up::services(&config, options.migrate).await?,
    });
    let api = Api::new(services.clone(), limits, documents);
    let demo = if options.demo { Some(demo::fill(&services).await?) } else { None };
    let guide = demo.as_ref().map(demo::guide);
    // A process that reads that the server listens may tell it to stop right away.
    let stop = stop_signal(config.http.shutdown_delay)?;
    let stopping = CancellationToken::new();
    let listener = http::bind(config.listen).await.map_err(|error| CliError::failed(error.to_string()))?;
    announce(&listener, guide.as_deref());
    let pruning = tokio::spawn(prune(services.clone()));
    let watching = tokio::spawn(watch_clock(services.clone()));
    let posting = tokio::spawn(services.clone().work(stopping.clone()));
    http::serve(listener, site(api, &config, mailbox, demo), stop).await;
    pruning.abort();
    watching.abort();
    stopping.cancel();
    // The message in delivery is finished; if that takes too long, it stays in the outbox and is sent after the next
    // start.
    if tokio::time::timeout(FINISH_MAIL_WITHIN, posting).await.is_err() {
        tracing::warn!("a mail was still being sent; it stays in the outbox");
    }
    tracing::info!("stopped");
    Ok(())
}

fn site(api: Api, config: &Config, mailbox: Option<Mailbox>, demo: Option<SampleUsers>) -> Site<Api> {
    let schema = || SchemaText { api: graphql::sdl(), subgraph: graphql::subgraph_sdl() };
    Site {
        api,
        settings: HttpSettings {
            body_limit: config.http.body_limit,
            batch_size: config.limits.batch_size,
            header_timeout: config.http.header_timeout,
            request_timeout: config.http.request_timeout,
            response_timeout: config.http.response_timeout,
            keep_alive_timeout: config.http.keep_alive_timeout,
            shutdown_delay: config.http.shutdown_delay,
            trusted_proxies: config.trusted_proxies.clone(),
            public_url: config.public_url.clone(),
            cors_origins: config.browsers.cors_origins.clone(),
            takes_cookies: config.browsers.cookies,
            loopback_only: mailbox.is_some(),
            pages: PageSettings {
                app_url: config.app_url.clone(),
                password_min_length: usize::try_from(config.passwords.min_length).unwrap_or(usize::MAX),
                demo,
            },
        },
        schema: config.documents.introspection.then(schema),
        mailbox: mailbox.map(|mailbox| Mails::new(move || mailbox.list(SystemClock.now()))),
        random: request_id,
    }
}

fn limit_settings(config: &Config) -> Settings {
    Settings {
        limits: limits(&config.limits),
        introspection: config.documents.introspection,
        suggestions: config.documents.suggestions,
        document_cache: config.documents.cache,
    }
}

fn limits(limits: &Limits) -> RequestLimits {
    RequestLimits {
        depth: limits.depth,
        nesting: limits.nesting,
        aliases: limits.aliases,
        root_fields: limits.root_fields,
        tokens: limits.tokens,
        directives: limits.directives,
        list_items: limits.list_items,
        cost: limits.cost,
        errors: limits.errors,
    }
}

/// A request id is not secret: without randomness, all requests have the same id.
fn request_id() -> [u8; 16] {
    entropy::bytes().unwrap_or_default()
}

fn announce(listener: &TcpListener, demo: Option<&str>) {
    let Ok(address) = listener.local_addr() else { return };
    tracing::info!(%address, "listening");
    if let Some(demo) = demo {
        // The reader may be gone; the demo runs all the same.
        let _ = output::print(&format!(
            "UserProfile is at http://{address}/graphql\nIts mails are at http://{address}/dev/mailbox\n\n{demo}\n"
        ));
    }
}

async fn prune(services: Arc<Services>) {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = services.prune().await {
            tracing::warn!(%error, "expired data could not be pruned; the next attempt is in an hour");
        }
    }
}

/// Corrects stored times that lie in the future: at the start, when the clock was set back, and every minute.
async fn watch_clock(services: Arc<Services>) {
    let mut ticks = tokio::time::interval(CHECK_CLOCK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = services.clock.now();
    let mut due_at = before;
    loop {
        ticks.tick().await;
        let now = services.clock.now();
        let is_due = now < before || now >= due_at;
        before = now;
        if !is_due {
            continue;
        }
        due_at = now + CORRECT_TIMES_EVERY;
        if let Err(error) = services.correct_future_times().await {
            tracing::warn!(%error, "stored times that lie in the future could not be corrected; next try in a minute");
        }
    }
}

/// A future that is ready when the process is told to stop.
fn stop_signal(delay: Duration) -> Result<impl Future<Output = ()>, CliError> {
    let failed = |error: std::io::Error| CliError::failed(format!("signals cannot be received: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!(?delay, "stopping: requests are served for this delay, then running ones finish");
    })
}
