//! The rules between settings.

use std::net::SocketAddr;

use super::reader::Reader;
use crate::graphql::documents::Mode;
use crate::storage::db::Location;

/// Messages need a sender, and their links a base.
pub(super) fn check_mail(reader: &mut Reader) {
    for (needed, variable, remedy) in [
        ("mail_from", "MAIL_FROM", "set it to an email address, such as `Acme <noreply@example.com>`"),
        ("public_url", "USERPROFILE_PUBLIC_URL", "set it to the address at which users reach the server"),
    ] {
        if reader.is_missing(needed) {
            reader.refuse_if_given("smtp_url", format!("it needs {variable}, which is not set"), remedy);
        }
    }
}

/// Two servers cannot listen on one port of an address, or of all.
pub(super) fn check_listeners(reader: &mut Reader, listen: Option<SocketAddr>, metrics_listen: Option<SocketAddr>) {
    let (Some(one), Some(other)) = (listen, metrics_listen) else { return };
    let overlap = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    if one.port() == other.port() && one.port() != 0 && overlap {
        let wrong = "USERPROFILE_LISTEN has the same port";
        reader.refuse_if_given("metrics_listen", wrong, "choose another port");
    }
}

/// Reports to the webhook are signed, so URL and secret need each other.
pub(super) fn check_webhook(reader: &mut Reader) {
    for (needs, needed, variable) in [
        ("event_webhook_url", "event_webhook_secret", "USERPROFILE_EVENT_WEBHOOK_SECRET"),
        ("event_webhook_secret", "event_webhook_url", "USERPROFILE_EVENT_WEBHOOK_URL"),
    ] {
        if reader.is_missing(needed) {
            reader.refuse_if_given(needs, format!("it needs {variable}, which is not set"), "set both, or neither");
        }
    }
}

/// Only PostgreSQL has replicas.
pub(super) fn check_replica(reader: &mut Reader, database: Option<&Location>) {
    if matches!(database, Some(Location::Sqlite(_))) {
        let wrong = "DATABASE_URL is not set, or a SQLite file, which has no replica";
        reader.refuse_if_given("database_replica_url", wrong, "set that to the primary PostgreSQL server");
    }
}

pub(super) fn check_secret_key(reader: &mut Reader) {
    if let Some(place) = reader.place_of("secret_key") {
        let wrong = format!("USERPROFILE_SECRET_KEY is given too ({place})");
        reader.refuse_if_given("secret_key_file", wrong, "give only one of the two");
    }
}

/// Trusted documents need a manifest.
pub(super) fn check_manifest(reader: &mut Reader, mode: Option<Mode>) {
    if mode.is_some_and(|mode| mode != Mode::Off) && reader.is_missing("documents") {
        let wrong = "it needs USERPROFILE_DOCUMENTS, which is not set";
        reader.refuse_if_given("documents_mode", wrong, "set that to a manifest, or this to `off`");
    }
}

/// RFC 9106, section 3.1: at least 8 KiB for each lane.
pub(super) fn check_argon2(reader: &mut Reader, memory: Option<u32>, lanes: Option<u32>) {
    if let (Some(memory), Some(lanes)) = (memory, lanes)
        && memory / 1024 < 8 * lanes
    {
        let wrong = format!("{lanes} lanes need at least {}KiB of memory", 8 * lanes);
        let remedy = "raise USERPROFILE_ARGON2_MEMORY or lower USERPROFILE_ARGON2_PARALLELISM";
        reader.refuse_if_given("argon2_memory", wrong, remedy);
    }
}
