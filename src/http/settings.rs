//! The settings of the HTTP server.

use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::PageSettings;

/// The settings of the HTTP server.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The maximum number of requests in a batch; 0 for no batches.
    pub batch_size: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a request may take, from its head to its response.
    pub request_timeout: Duration,
    /// How long a client may read nothing of its pending responses before its connection is closed.
    pub response_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_timeout: Duration,
    /// How long requests are still served after the server was told to stop.
    pub shutdown_delay: Duration,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The public address of the server, if it is known.
    pub public_url: Option<String>,
    /// The allowed origins, such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// The origins whose pages may use passkeys.
    pub webauthn_origins: Vec<Url>,
    /// Whether sessions may be kept in cookies.
    pub takes_cookies: bool,
    /// Whether only requests that name this machine are accepted, as a demo requires.
    pub loopback_only: bool,
    /// Whether the account console is served.
    pub has_console: bool,
    /// The settings for the product's own pages.
    pub pages: PageSettings,
}
