//! Instead of `otlp.rs` in a build without the feature `otlp`: there are never traces to export.

use tracing::Subscriber;
use tracing_subscriber::Layer;

/// Has no values.
#[derive(Clone)]
pub(in crate::cli) enum Traces {}

impl Traces {
    pub(super) fn start(_endpoint: &str) -> Result<Self, String> {
        Err("this program was built without the feature `otlp`; use the image, or build it with `--features otlp`"
            .to_owned())
    }

    #[expect(clippy::unused_async, reason = "the counterpart waits")]
    pub(in crate::cli) async fn finish(self) {
        match self {}
    }
}

impl<S: Subscriber> Layer<S> for Traces {}
