//! The stored data: one file for each table, with the statements about it. [`db`] contains the differences between the
//! two databases. This module decides no rules. No other module names diesel.

pub mod attempts;
pub mod bulk;
pub mod codes;
mod columns;
mod committed;
mod conn;
mod counter;
pub mod db;
mod dialect;
pub mod domains;
pub mod encrypted;
pub mod error;
pub mod events;
pub mod export;
pub mod files;
pub mod first_screen;
pub mod future_times;
pub mod groups;
pub mod installation;
mod keys;
mod location;
pub mod migrate;
pub mod outbox;
mod pairs;
pub mod passkeys;
pub mod personal_data;
mod postgres;
pub mod quota;
pub mod rate_limit_events;
pub mod recovery_codes;
pub mod replica;
mod rows;
mod scans;
#[allow(clippy::wildcard_imports, reason = "generated as the diesel CLI writes it")]
mod schema;
pub mod session_tokens;
pub mod sessions;
mod sqlite;
pub mod tags;
mod transaction;
pub mod types;
pub mod users;
pub mod visible;

pub use db::{Db, Tx};
pub use error::{Conflict, Error};
pub use postgres::{PostgresUrl, UrlError};
pub use quota::Quota;
