//! The operator's webhook: security events are reported to it, signed as in Standard Webhooks.

use std::fmt;
use std::time::Duration;

use chrono::SecondsFormat;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::clock::Timestamp;
use crate::domain::event::{SecurityEvent, UNKNOWN_OWNER};
use crate::domain::webhook_secret::WebhookSecret;
use crate::http_client::{describe, http_client};

/// How long the receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where security events are reported, and how they are signed.
#[derive(Clone)]
pub struct WebhookSettings {
    /// The receiver. Any part of it but the host can be a secret.
    pub url: Url,
    /// The secret that it knows, too.
    pub secret: WebhookSecret,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Reports security events.
#[derive(Clone)]
pub struct Webhook {
    client: reqwest::Client,
    settings: WebhookSettings,
}

/// A security event as it is reported, with the names of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedEvent {
    id: String,
    r#type: String,
    created_at: String,
    /// `None` if there is no such user.
    user_id: Option<String>,
    actor: String,
    client_address: Option<String>,
    user_agent: Option<String>,
}

impl From<&SecurityEvent> for ReportedEvent {
    fn from(event: &SecurityEvent) -> Self {
        let owner = event.owner_id.as_str();
        Self {
            id: event.id.as_str().to_owned(),
            r#type: event.event_type.as_str().to_owned(),
            created_at: rfc3339(event.created_at),
            user_id: (owner != UNKNOWN_OWNER).then(|| owner.to_owned()),
            actor: event.actor.as_str().to_owned(),
            client_address: event.client_address.clone(),
            user_agent: event.user_agent.clone(),
        }
    }
}

impl Webhook {
    /// A webhook with these settings. Fails only if this build has no TLS.
    pub fn new(settings: WebhookSettings) -> Result<Self, String> {
        Ok(Self { client: http_client(TIMEOUT)?, settings })
    }

    /// Sends events as the message `id`, written at `written_at`, which are the same in each attempt. Fails unless the
    /// receiver answers with a status of success.
    pub async fn send(
        &self,
        id: &str,
        events: &[ReportedEvent],
        written_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), String> {
        let body = json!({ "type": "security_events", "timestamp": rfc3339(written_at), "data": { "events": events } });
        let body = body.to_string();
        let request = self
            .client
            .post(self.settings.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.timestamp())
            .header("webhook-signature", self.settings.secret.sign(id, now, &body))
            .body(body);
        let status = request.send().await.map_err(describe)?.status();
        if status.is_success() { Ok(()) } else { Err(format!("the receiver answered with the status {status}")) }
    }
}

fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
