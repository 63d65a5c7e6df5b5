//! Integration tests of the router, the services, and the binary on a real database: SQLite by default, or the PostgreSQL
//! server of `TEST_DATABASE_URL`. `scripts/test` runs them on both.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a panic is how a test and its helpers fail"
)]
#![allow(clippy::needless_pass_by_value, clippy::match_bool, reason = "readability matters more than speed in tests")]

mod account_deletion;
mod backoff;
mod browsers;
mod circles;
mod cli;
mod clock_steps;
mod code_attempts;
mod connections;
mod data_export;
mod doctor;
mod documents;
mod email;
mod events;
mod federation;
mod first_screen;
mod generated;
mod help_desk;
mod http;
mod import;
mod input;
mod input_errors;
mod key_rotation;
mod layers;
mod log;
mod me;
mod messages;
mod mfa;
mod monitoring;
mod notifications;
mod outbox;
mod passkeys;
mod password;
mod permissions;
mod profile;
mod refused_sends;
mod resources;
mod sessions;
mod shutdown;
mod sign_in;
mod storage;
mod sub_path;
mod support;
#[cfg(feature = "otlp")]
mod traces;
mod undo_links;
mod values;
mod visibility;
mod webhook;
