//! `serve`.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::arguments::ServeOptions;
use super::error::CliError;
use super::{demo, log, output, set_up};
use crate::config::{Config, Limits};
use crate::entropy;
use crate::graphql::guard::Limits as GuardLimits;
use crate::graphql::{self, Api};
use crate::http::{self, HttpSettings, Site};
use crate::services::Services;

/// How often what is out of time is cleared away.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Serves until it is told to stop.
pub(super) async fn serve(config: Config, options: ServeOptions) -> Result<(), CliError> {
    log::start(&config)?;
    if options.demo {
        demo::check_place(&config)?;
    }
    if config.mail.is_none() && !options.demo {
        tracing::warn!("SMTP_URL is not set: no mail can be sent, and what needs mail answers UNAVAILABLE");
    }
    let services = Arc::new(set_up::services(&config, options.migrate).await?);
    let demo = if options.demo { Some(demo::fill(&services).await?) } else { None };
    // Whoever reads that it listens may tell it to stop.
    let stop = stop_signal()?;
    let listener = http::bind(config.listen).await.map_err(|error| CliError::failed(error.to_string()))?;
    announce(&listener, demo);
    let pruning = tokio::spawn(prune(services.clone()));
    http::serve(listener, site(services, &config), stop).await;
    pruning.abort();
    tracing::info!("stopped");
    Ok(())
}

fn site(services: Arc<Services>, config: &Config) -> Site<Api> {
    Site {
        api: Api::new(services, guard_limits(&config.limits)),
        settings: HttpSettings {
            body_limit: config.http.body_limit,
            batch_size: config.limits.batch_size,
            header_timeout: config.http.header_timeout,
            request_timeout: config.http.request_timeout,
            trusted_proxies: config.trusted_proxies.clone(),
        },
        sdl: graphql::sdl(),
        random: request_id,
    }
}

fn guard_limits(limits: &Limits) -> GuardLimits {
    GuardLimits {
        depth: limits.depth,
        nesting: limits.nesting,
        aliases: limits.aliases,
        root_fields: limits.root_fields,
        tokens: limits.tokens,
        errors: limits.errors,
    }
}

/// A request's name is no secret: should there be no randomness, all are called the same.
fn request_id() -> [u8; 16] {
    entropy::bytes().unwrap_or_default()
}

fn announce(listener: &TcpListener, demo: Option<&str>) {
    let Ok(address) = listener.local_addr() else { return };
    tracing::info!(%address, "listening");
    if let Some(demo) = demo {
        // Nobody may be reading any more; the demo runs all the same.
        let _ = output::print(&format!("UserProfile is at http://{address}/graphql\n\n{demo}\n"));
    }
}

async fn prune(services: Arc<Services>) {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = services.prune().await {
            tracing::warn!(%error, "what is out of time could not be cleared away; it will be tried again in an hour");
        }
    }
}

/// Ready when the process is told to stop.
fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    let failed = |error: std::io::Error| CliError::failed(format!("signals cannot be received: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests, running ones finish");
    })
}
