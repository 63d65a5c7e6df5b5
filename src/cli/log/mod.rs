//! The log, on standard error: as text on a terminal, otherwise as JSON. Libraries log only warnings and errors. The
//! export of traces starts with it.

mod json;
#[cfg_attr(not(feature = "otlp"), path = "no_otlp.rs")]
mod otlp;

use std::fmt;
use std::io::IsTerminal;

use tracing::Level;
use tracing::field::Field;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets, filter_fn};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::error::CliError;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LogFormat};
use crate::spans::{EXPORTED, REQUEST};
pub(super) use otlp::Traces;

/// The name of this program in the log.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// The fields that say who made a request, and which account it is about.
const PERSONAL: [&str; 4] = ["client_address", "peer", "user_id", "subject"];
/// What `USERPROFILE_LOG_PRIVACY` shows instead.
const MASK: &str = "***";

/// Starts logging.
pub(super) fn start(config: &Config) -> Result<(), CliError> {
    start_with(config, None)
}

/// Starts logging, and exporting traces if the settings say so.
pub(super) fn start_with_traces(config: &Config) -> Result<Option<Traces>, CliError> {
    let traces = config.otlp_endpoint.as_deref().map(Traces::start).transpose();
    let traces = traces.map_err(|error| CliError::usage(format!("{}: {error}", config.place_of("otlp_endpoint"))))?;
    start_with(config, traces.clone())?;
    Ok(traces)
}

fn start_with(config: &Config, traces: Option<Traces>) -> Result<(), CliError> {
    let wrong = |error: &dyn fmt::Display| CliError::usage(format!("RUST_LOG is not a log filter: {error}"));
    let mut filter = EnvFilter::try_new(&config.log_filter).map_err(|error| wrong(&error))?;
    let mut targets = safe_targets();
    if traces.is_some() {
        // Exported spans find their parent through the request's span in the log: both exist whatever RUST_LOG says.
        for target in [REQUEST, EXPORTED] {
            let directive = format!("{target}=error").parse().map_err(|error: ParseError| wrong(&error))?;
            filter = filter.add_directive(directive);
        }
    } else {
        targets = targets.with_target(EXPORTED, LevelFilter::OFF);
    }
    let format = format_or_default(config.log_format);
    let fields = (format == LogFormat::Json).then_some(json::KeepSpanFields);
    let registry = tracing_subscriber::registry().with(targets).with(filter).with(fields).with(traces);
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let masks = config.log_privacy;
    match format {
        LogFormat::Text => {
            let log = log.with_ansi(std::io::stderr().is_terminal()).with_target(false);
            // Unlike the format in JSON, this one shows every span that its layer sees.
            let of_log = filter_fn(|metadata| metadata.target() != EXPORTED);
            if masks {
                registry.with(log.fmt_fields(masked_fields()).with_filter(of_log)).init();
            } else {
                registry.with(log.with_filter(of_log)).init();
            }
        }
        LogFormat::Json => registry.with(log.event_format(json::Json { masks })).init(),
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    for directive in config.log_filter.split(',').filter(|directive| asks_a_library_for_more(directive)) {
        tracing::warn!(
            directive,
            "RUST_LOG asks a library for more than warnings; that is never logged, because it can contain secrets"
        );
    }
    Ok(())
}

/// Fields as text, with those about a person masked.
fn masked_fields() -> impl for<'writer> FormatFields<'writer> {
    let write = |writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| match field.name() {
        "message" => write!(writer, "{value:?}"),
        // Of entries of libraries that use the crate `log`.
        name if name.starts_with("log.") => Ok(()),
        name if PERSONAL.contains(&name) => write!(writer, "{name}={MASK}"),
        name => write!(writer, "{name}={value:?}"),
    };
    debug_fn(write).delimited(" ")
}

/// The given format; otherwise text on a terminal, and JSON elsewhere.
pub(super) fn format_or_default(format: Option<LogFormat>) -> LogFormat {
    let default = if std::io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    format.unwrap_or(default)
}

/// The entry in JSON for the error that ends the process. It does not depend on `RUST_LOG`, or on the log being started.
pub(super) fn fatal_entry(message: &str) -> String {
    json::entry(SystemClock.now(), Level::ERROR, OURS, message)
}

/// The targets that may be logged, whatever `RUST_LOG` says. Below the level of warnings, libraries log the data that
/// they process: tokio-postgres the values of statements, h2 the headers of requests, lettre passwords and messages.
/// Only this program's own log is known to contain no secrets. webauthn-rs logs faulty responses of authenticators as
/// errors, with their bytes: any client could fill the log with them.
fn safe_targets() -> Targets {
    let ours = Targets::new().with_default(LevelFilter::WARN).with_target(OURS, LevelFilter::TRACE);
    ours.with_target("webauthn_rs", LevelFilter::OFF)
}

/// Whether a directive of the filter, such as `h2=debug`, names a library and a level at which it is not logged.
fn asks_a_library_for_more(directive: &str) -> bool {
    let Some((target, level)) = directive.split_once('=') else { return false };
    let target = target.trim();
    let is_library = !target.is_empty() && !target.starts_with(['[', '{']) && !target.starts_with(OURS);
    is_library && level.trim().parse::<LevelFilter>().is_ok_and(|level| level > LevelFilter::WARN)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_log_warnings_and_errors_only() {
        let allowed = safe_targets();
        for library in ["tokio_postgres", "diesel", "h2::codec", "hyper", "lettre", "rustls", "log"] {
            assert!(allowed.would_enable(library, &Level::WARN), "{library}");
            assert!(!allowed.would_enable(library, &Level::INFO), "{library}");
        }
        assert!(allowed.would_enable("userprofile::http", &Level::TRACE));
    }

    #[test]
    fn in_text_fields_about_a_person_are_masked() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = written.clone();
        let log = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_target(false);
        let log = log.with_writer(move || Written(writer.clone())).fmt_fields(masked_fields());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            tracing::warn!(client_address = "192.0.2.1", user_id = "user-1", reason = "wrong", "sign-in failed");
        });
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text, " WARN sign-in failed client_address=*** user_id=*** reason=\"wrong\"\n");
    }

    /// Keeps what is written.
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn directives_that_have_no_effect_are_known() {
        for directive in ["tokio_postgres=debug", " h2 = TRACE", "lettre=info"] {
            assert!(asks_a_library_for_more(directive), "{directive}");
        }
        for directive in ["info", "userprofile::http=trace", "h2=warn", "hyper=off", "[request]=debug"] {
            assert!(!asks_a_library_for_more(directive), "{directive}");
        }
    }
}
