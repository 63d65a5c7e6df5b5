//! `serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::arguments::ServeOptions;
use super::error::CliError;
use super::set_up::SetUp;
use super::{demo, documents, log, output, set_up};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::entropy;
use crate::graphql::{self, Api};
use crate::http::{self, MessageList, SampleUsers, SchemaText, ServerOptions};
use crate::mail::{Mailbox, Transport};
use crate::services::Services;
use crate::version;

/// How often expired data is pruned.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// How often accounts are deleted whose grace period is over.
const DELETE_ACCOUNTS_EVERY: Duration = Duration::from_secs(5);

/// How often the server checks whether the clock was set back.
const CHECK_CLOCK_EVERY: Duration = Duration::from_secs(1);
/// How often stored times are corrected even if this server's clock was not set back: another server's clock may have
/// been.
const CORRECT_TIMES_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How long the delivery of a message may still take after the last request.
const FINISH_MAIL_WITHIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
pub(super) async fn serve(mut config: Config, options: ServeOptions) -> Result<(), CliError> {
    if options.demo && config.account_deletion.is_none() {
        config.policy.deletion.is_allowed = true;
    }
    let traces = log::start_with_traces(&config)?;
    tracing::info!(version = version::VERSION, commit = version::COMMIT, "starting");
    if options.demo {
        demo::check_place(&config)?;
    }
    if config.smtp.is_none() && !options.demo {
        tracing::warn!("SMTP_URL is not set: no email can be sent, and operations that need email return UNAVAILABLE");
    }
    if config.webauthn.is_none() {
        tracing::warn!(
            "USERPROFILE_PUBLIC_URL does not have the name of a host: passkeys cannot be used, and their mutations return \
             UNAVAILABLE"
        );
    }
    // Before anything is opened: an invalid manifest is an invalid setting.
    let limits = graphql::request_limits(config.requests);
    let documents = documents::documents(&config, &limits)?;
    // Before waiting, because a missing key is an invalid setting.
    let key_source = config.key_source()?;
    // A process that reads the log may tell the server to stop right away.
    let mut stop = Box::pin(stop_signal(config.http.shutdown_delay)?);
    tokio::select! {
        () = set_up::wait_for_database(&config, options.wait) => {}
        () = &mut stop => return Ok(()),
    }
    // A demo sends no messages; it shows them.
    let mailbox = options.demo.then(Mailbox::new);
    let needs = SetUp { may_migrate: options.migrate, encrypts: true, may_create: true };
    let services = Arc::new(match &mailbox {
        Some(mailbox) => {
            let transport = Some(Transport::Mailbox(mailbox.clone()));
            set_up::services_with(&config, key_source, needs, transport).await?
        }
        None => set_up::services_with(&config, key_source, needs, set_up::transport(&config)?).await?,
    });
    let api = Api::new(services.clone(), limits, documents);
    let demo = if options.demo { Some(demo::fill(&services).await?) } else { None };
    let guide = demo.as_ref().map(demo::guide);
    let stopping = CancellationToken::new();
    let bind = async |address, setting| {
        http::bind(address, setting).await.map_err(|error| CliError::failed(error.to_string()))
    };
    let for_operators = match config.metrics_listen {
        Some(address) => Some(bind(address, "USERPROFILE_METRICS_LISTEN").await?),
        None => None,
    };
    let listener = bind(config.listen, "USERPROFILE_LISTEN").await?;
    if let Some(Ok(address)) = for_operators.as_ref().map(TcpListener::local_addr) {
        tracing::info!(%address, "serving metrics");
    }
    announce(&listener, &config, guide.as_deref());
    let pruning = tokio::spawn(prune(services.clone()));
    let deleting = tokio::spawn(delete_accounts(services.clone()));
    let watching = tokio::spawn(watch_clock(services.clone()));
    let checking = tokio::spawn(services.clone().watch_replica());
    let posting = tokio::spawn(services.clone().run_worker(stopping.clone()));
    http::serve(listener, for_operators, server_options(api, config, mailbox, demo), stop).await;
    pruning.abort();
    deleting.abort();
    watching.abort();
    checking.abort();
    stopping.cancel();
    // The message in delivery is finished; if that takes too long, it stays in the outbox and is sent after the next
    // start.
    if tokio::time::timeout(FINISH_MAIL_WITHIN, posting).await.is_err() {
        tracing::warn!("a message was still being sent; it stays in the outbox");
    }
    if let Some(traces) = traces {
        traces.finish().await;
    }
    tracing::info!("stopped");
    Ok(())
}

fn server_options(api: Api, config: Config, mailbox: Option<Mailbox>, demo: Option<SampleUsers>) -> ServerOptions {
    let mut settings = config.http;
    settings.loopback_only = mailbox.is_some();
    settings.pages.demo = demo;
    let schema = || SchemaText { api: graphql::sdl, subgraph: graphql::subgraph_sdl };
    let metrics = api.metrics().clone();
    ServerOptions {
        api: api.into(),
        settings,
        schema: config.requests.introspection.then(schema),
        mailbox: mailbox.map(|mailbox| MessageList::new(move || mailbox.list(SystemClock.now()))),
        random: request_id,
        metrics,
    }
}

/// A request id is not secret: without randomness, all requests have the same id.
fn request_id() -> [u8; 16] {
    entropy::bytes().unwrap_or_default()
}

/// Says where the server listens and, for a demo, which addresses to open.
fn announce(listener: &TcpListener, config: &Config, demo: Option<&str>) {
    let Ok(address) = listener.local_addr() else { return };
    tracing::info!(%address, "listening");
    if let Some(demo) = demo {
        let base = demo_url(address, config.http.public_url.as_deref());
        let console =
            if config.http.has_console { format!("The account console is at {base}/account\n") } else { String::new() };
        // The reader may be gone; the demo runs all the same.
        let _ = output::print(&format!(
            "UserProfile is at {base}/graphql\n{console}Its messages are at {base}/dev/mailbox\n\n{demo}\n"
        ));
    }
}

/// The base of a demo's addresses: on this machine, below the path of the public URL.
fn demo_url(address: SocketAddr, public_url: Option<&str>) -> String {
    let url = public_url.and_then(|url| Url::parse(url).ok());
    let path = url.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
    format!("http://{address}{path}")
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

async fn delete_accounts(services: Arc<Services>) {
    let mut ticks = tokio::time::interval(DELETE_ACCOUNTS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = services.delete_due_accounts().await {
            tracing::warn!(%error, "accounts could not be deleted after their grace period; the next attempt follows");
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
            tracing::warn!(%error, "stored times that lie in the future could not be corrected; the next attempt is in a minute");
        }
    }
}

/// A future that is ready on SIGTERM or SIGINT.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_is_at_the_path_of_the_public_url() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(demo_url(address, None), "http://127.0.0.1:8080");
        assert_eq!(demo_url(address, Some("https://id.example.com")), "http://127.0.0.1:8080");
        assert_eq!(demo_url(address, Some("https://example.com/identity")), "http://127.0.0.1:8080/identity");
    }
}
