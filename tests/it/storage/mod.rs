//! The database itself: its tables, migrations, transactions, connections.

mod gone;
mod migrations;
#[cfg(feature = "postgres-tests")]
mod postgres;
pub mod tables;
mod transactions;
