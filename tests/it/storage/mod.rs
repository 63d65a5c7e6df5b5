//! The database itself: its tables, migrations, transactions, connections.

mod keys;
mod migrations;
#[cfg(feature = "postgres-tests")]
mod postgres;
pub mod tables;
mod transactions;
