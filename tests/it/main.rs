//! The integration tests: the real router, services and binary, on a real database. On SQLite by default; on PostgreSQL
//! where `TEST_DATABASE_URL` names a server, as `scripts/test` does, which runs them on both.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that meets what it does not expect ends there, and the functions that tests share are part of them"
)]
#![allow(
    clippy::needless_pass_by_value,
    clippy::match_bool,
    reason = "what is written here is read, not run by the million"
)]

mod browsers;
mod circles;
mod cli;
mod clock_steps;
mod code_attempts;
mod connections;
mod documents;
mod email;
mod events;
mod federation;
mod generated;
mod http;
mod import;
mod input;
mod input_errors;
mod layers;
mod log;
mod me;
mod messages;
mod mfa;
mod notifications;
mod outbox;
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
mod throttle;
mod undo_links;
mod values;
mod visibility;
