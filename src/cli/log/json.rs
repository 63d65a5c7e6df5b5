//! One JSON object for each entry of the log. Unlike the library's format, the fields of the request's span are beside
//! those of the entry, so that each entry of a request has its `request_id`, `trace_id`, and `span_id`.

use std::fmt;

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{MASK, PERSONAL};
use crate::clock::Timestamp;
use crate::spans::EXPORTED;

/// The fields of an entry or a span.
#[derive(Debug, Clone, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().trim_start_matches("r#").to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

/// Keeps the fields of spans for the entries within them.
pub(super) struct KeepSpanFields;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for KeepSpanFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == EXPORTED {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }
}

/// An entry without fields.
pub(super) fn entry(at: Timestamp, level: Level, target: &str, message: &str) -> String {
    let timestamp = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({ "timestamp": timestamp, "level": level.as_str(), "message": message, "target": target }).to_string()
}

/// The format of an entry.
pub(super) struct Json {
    /// Whether fields about a person are masked.
    pub(super) masks: bool,
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut entry = Fields::default();
        entry.0.insert("timestamp".to_owned(), time.into());
        // Libraries that use the crate `log` have their own target in a field.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        entry.0.insert("level".to_owned(), metadata.level().as_str().into());
        entry.0.insert("target".to_owned(), metadata.target().into());
        event.record(&mut entry);
        entry.0.retain(|name, _| !name.starts_with("log."));
        for span in context.event_scope().into_iter().flatten() {
            if let Some(Fields(fields)) = span.extensions().get::<Fields>() {
                for (name, value) in fields {
                    // An entry's own fields, and those of an inner span, come first.
                    entry.0.entry(name.as_str()).or_insert_with(|| value.clone());
                }
            }
        }
        if self.masks {
            for name in PERSONAL {
                if let Some(value) = entry.0.get_mut(name) {
                    *value = MASK.into();
                }
            }
        }
        writeln!(writer, "{}", Value::Object(entry.0))
    }
}
