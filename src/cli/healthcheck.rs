//! `healthcheck`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::error::CliError;
use crate::config::Config;
use crate::http_client::{describe, http_client};

/// Longer than a server takes to find that its database does not respond.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the server that runs with the same settings on this machine, or in this container, whether it is ready.
pub(super) async fn healthcheck(config: Config) -> Result<(), CliError> {
    let url = format!("http://{}/readyz", reachable(config.listen));
    let answer = http_client(TIMEOUT).map_err(CliError::failed)?.get(&url).send().await;
    let status = answer.map_err(|error| CliError::failed(format!("{url}: {}", describe(error))))?.status();
    if status.is_success() { Ok(()) } else { Err(CliError::failed(format!("{url}: {status}"))) }
}

/// The address at which a server that listens on `address` is reached from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
