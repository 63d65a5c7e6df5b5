//! The export of traces, by OTLP over HTTP. The exported spans of `spans.rs` are sent when they close. Those of requests
//! have the ids that are in the log; `tracing-opentelemetry`, the library for such a layer, generates ids of its own.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanExporter,
    SpanLinks, SpanProcessor,
};
use prost::Message;
use reqwest::header::CONTENT_TYPE;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::http_client::{describe, http_client};
use crate::spans::EXPORTED;
use crate::version::VERSION;

/// How many spans wait at most; further ones are dropped.
const QUEUE: usize = 2048;
/// How many of them are sent at once.
const BATCH: usize = 512;
/// How often they are sent.
const SEND_EVERY: Duration = Duration::from_secs(5);
/// How long the collector may take for a batch.
const SEND_WITHIN: Duration = Duration::from_secs(3);
/// How long the last spans may take when the process ends.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// How often the log says that the collector does not accept them.
const WARN_EVERY: Duration = Duration::from_mins(5);

/// The export. A thread of the processor sends the spans in batches; those that do not fit into its queue are dropped.
#[derive(Clone)]
pub(in crate::cli) struct Traces {
    processor: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
}

impl Traces {
    /// Exports to the collector at `endpoint`, such as `http://collector:4318`. The requests run in this runtime.
    pub(super) fn start(endpoint: &str) -> Result<Self, String> {
        let attributes = [KeyValue::new("service.version", VERSION)];
        let resource = Resource::builder_empty().with_service_name("userprofile").with_attributes(attributes).build();
        let exporter = Exporter {
            client: http_client(SEND_WITHIN)?,
            // Some collectors name the whole address.
            url: format!("{}/v1/traces", endpoint.trim_end_matches('/').trim_end_matches("/v1/traces")),
            runtime: Handle::current(),
            resource: (&resource).into(),
            warned_at: Mutex::default(),
        };
        // The library would read a missing one from an environment variable.
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let processor = Arc::new(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build());
        Ok(Self { processor, scope: InstrumentationScope::builder("userprofile").build() })
    }

    /// Sends the spans that are still in the queue.
    pub(in crate::cli) async fn finish(self) {
        // The exporter itself has warned if this fails.
        let finish = move || self.processor.shutdown_with_timeout(FINISH_WITHIN);
        let _ = tokio::task::spawn_blocking(finish).await;
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() != EXPORTED {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let parent = span.scope().skip(1).find_map(|around| around.extensions().get::<Ids>().copied());
        let mut open = OpenSpan::new(span.name(), parent);
        attributes.record(&mut open);
        // Statements outside of requests and jobs, such as those that look for jobs, would each be a trace.
        if open.kind == SpanKind::Client && parent.is_none() {
            return;
        }
        if open.kind == SpanKind::Server
            && let Some(request) = span.parent()
        {
            // What runs within the request's span in the log is within this span.
            request.extensions_mut().replace(open.ids);
        }
        span.extensions_mut().insert(open.ids);
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<OpenSpan>()
        {
            values.record(open);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(open) = span.extensions_mut().remove::<OpenSpan>()
            && open.ids.is_sampled
        {
            self.processor.on_end(open.end(self.scope.clone()));
        }
    }
}

/// What the children of a span need to know.
#[derive(Clone, Copy)]
struct Ids {
    trace_id: TraceId,
    span_id: SpanId,
    is_sampled: bool,
}

/// A span until it is exported.
struct OpenSpan {
    ids: Ids,
    parent_id: SpanId,
    /// Whether the parent is a span of another process.
    parent_is_remote: bool,
    kind: SpanKind,
    name: Cow<'static, str>,
    started_at: SystemTime,
    /// Unlike the time, this is not affected when the clock is set.
    started: Instant,
    attributes: Vec<KeyValue>,
    status: Status,
}

impl OpenSpan {
    /// A span that begins now, in a trace of its own if it has no parent.
    fn new(name: &'static str, parent: Option<Ids>) -> Self {
        let random = RandomIdGenerator::default();
        let span_id = random.new_span_id();
        let root = || Ids { trace_id: random.new_trace_id(), span_id, is_sampled: true };
        Self {
            ids: parent.map_or_else(root, |parent| Ids { span_id, ..parent }),
            parent_id: parent.map_or(SpanId::INVALID, |parent| parent.span_id),
            parent_is_remote: false,
            kind: SpanKind::Internal,
            name: name.into(),
            started_at: opentelemetry::time::now(),
            started: Instant::now(),
            attributes: Vec::new(),
            status: Status::Unset,
        }
    }

    fn end(self, instrumentation_scope: InstrumentationScope) -> SpanData {
        let Ids { trace_id, span_id, .. } = self.ids;
        SpanData {
            span_context: SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::default()),
            parent_span_id: self.parent_id,
            parent_span_is_remote: self.parent_is_remote,
            span_kind: self.kind,
            name: self.name,
            start_time: self.started_at,
            end_time: self.started_at + self.started.elapsed(),
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.status,
            instrumentation_scope,
        }
    }

    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(field.name(), value));
    }
}

/// Reads the fields of a span: some say what the span is, the others are its attributes.
impl Visit for OpenSpan {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "trace_id" => self.ids.trace_id = TraceId::from_hex(value).unwrap_or(self.ids.trace_id),
            "span_id" => self.ids.span_id = SpanId::from_hex(value).unwrap_or(self.ids.span_id),
            "parent_id" => {
                self.parent_id = SpanId::from_hex(value).unwrap_or(self.parent_id);
                self.parent_is_remote = true;
            }
            "otel.name" => self.name = value.to_owned().into(),
            "otel.kind" => {
                self.kind = match value {
                    "server" => SpanKind::Server,
                    "client" => SpanKind::Client,
                    "consumer" => SpanKind::Consumer,
                    _ => SpanKind::Internal,
                }
            }
            name => {
                if name == "error.type" {
                    self.status = Status::error("");
                }
                self.insert(field, value.to_owned());
            }
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "is_sampled" => self.ids.is_sampled = value,
            _ => self.insert(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Sends batches to the collector.
#[derive(Debug)]
struct Exporter {
    client: reqwest::Client,
    url: String,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    warned_at: Mutex<Option<Instant>>,
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/x-protobuf").body(body);
        // The thread of the processor has no runtime, which the client needs. The body is read to its end, so that the
        // connection can be used again.
        let sent = self.runtime.spawn(async { request.send().await?.error_for_status()?.bytes().await });
        let problem = match sent.await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => describe(error),
            Err(error) => error.to_string(),
        };
        self.warn(&problem);
        Err(OTelSdkError::InternalFailure(problem))
    }
}

impl Exporter {
    fn warn(&self, problem: &str) {
        let mut warned_at = self.warned_at.lock().unwrap_or_else(PoisonError::into_inner);
        if warned_at.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned_at = Some(Instant::now());
            tracing::warn!(
                problem,
                "the collector at USERPROFILE_OTLP_ENDPOINT does not accept traces; they are dropped"
            );
        }
    }
}
