//! The trace that a request belongs to (W3C Trace Context, <https://www.w3.org/TR/trace-context/>).

use axum::http::{HeaderMap, HeaderName};

use crate::spans::RequestIds;

/// The header in which a caller passes its trace on.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The flag that says that the caller may have recorded the trace.
const SAMPLED: u8 = 1;

/// The trace of a request, and the span of this server in it. All ids are in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraceContext {
    /// The trace: 32 digits.
    pub(super) trace_id: String,
    /// The span: 16 digits.
    pub(super) span_id: String,
    /// The caller's span: 16 digits.
    pub(super) parent_id: Option<String>,
    /// Whether the trace is exported, which the caller decides if there is one.
    pub(super) is_sampled: bool,
}

impl TraceContext {
    /// The caller's trace if the request has a valid one, otherwise a new one.
    pub(super) fn of(headers: &HeaderMap, random: impl Fn() -> [u8; 16]) -> Self {
        let given = headers.get(TRACEPARENT).and_then(|value| Given::parse(value.to_str().ok()?));
        let [span @ .., _, _, _, _, _, _, _, _] = random();
        let span: [u8; 8] = span;
        Self {
            trace_id: given.as_ref().map_or_else(|| hex(&random()), |given| given.trace_id.to_owned()),
            span_id: hex(&span),
            parent_id: given.as_ref().map(|given| given.parent_id.to_owned()),
            is_sampled: given.is_none_or(|given| given.is_sampled),
        }
    }

    /// The ids as they are exported.
    pub(super) fn ids(&self) -> RequestIds<'_> {
        let Self { trace_id, span_id, parent_id, is_sampled } = self;
        RequestIds { trace_id, span_id, parent_id: parent_id.as_deref(), is_sampled: *is_sampled }
    }
}

/// The caller's trace and span.
struct Given<'a> {
    trace_id: &'a str,
    parent_id: &'a str,
    is_sampled: bool,
}

impl<'a> Given<'a> {
    /// Reads `version-trace-parent-flags` (section 3.2). Later versions may append more.
    fn parse(traceparent: &'a str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let has_more = parts.next().is_some();
        let is_valid = is_hex(version, 2)
            && version != "ff"
            && !(version == "00" && has_more)
            && is_hex(trace_id, 32)
            && is_hex(parent_id, 16)
            && is_hex(flags, 2)
            && !is_zero(trace_id)
            && !is_zero(parent_id);
        let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & SAMPLED != 0);
        is_valid.then_some(Self { trace_id, parent_id, is_sampled })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(traceparent: &str) -> TraceContext {
        let headers = HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_str(traceparent).unwrap())]);
        TraceContext::of(&headers, || [0xab; 16])
    }

    #[test]
    fn the_trace_of_the_caller_is_continued() {
        let continued = TraceContext {
            trace_id: TRACE.to_owned(),
            span_id: "ab".repeat(8),
            parent_id: Some("00f067aa0ba902b7".to_owned()),
            is_sampled: true,
        };
        assert_eq!(of(&format!("00-{TRACE}-00f067aa0ba902b7-01")), continued);
        assert_eq!(of(&format!("cc-{TRACE}-00f067aa0ba902b7-01-later")), continued);
    }

    #[test]
    fn the_caller_decides_whether_the_trace_is_exported() {
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("03", true)] {
            assert_eq!(of(&format!("00-{TRACE}-00f067aa0ba902b7-{flags}")).is_sampled, is_sampled, "{flags}");
        }
    }

    #[test]
    fn an_invalid_trace_is_replaced() {
        for traceparent in [
            "",
            TRACE,
            &format!("00-{TRACE}-00f067aa0ba902b7"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{TRACE}-0000000000000000-01"),
            &format!("00-{TRACE}\u{e9}-00f067aa0ba902b7-01").replace('\u{e9}', "x"),
        ] {
            let new =
                TraceContext { trace_id: "ab".repeat(16), span_id: "ab".repeat(8), parent_id: None, is_sampled: true };
            assert_eq!(of(traceparent), new, "{traceparent}");
        }
    }
}
