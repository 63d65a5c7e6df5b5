//! The database itself: its tables, migrations, transactions, connections.

mod files;
mod gone;
mod keys;
mod migrations;
#[cfg(feature = "postgres-tests")]
mod postgres;
#[cfg(feature = "postgres-tests")]
mod postgres_backup;
#[cfg(feature = "postgres-tests")]
mod postgres_errors;
#[cfg(feature = "postgres-tests")]
mod postgres_failover;
#[cfg(feature = "postgres-tests")]
mod postgres_pair;
#[cfg(feature = "postgres-tests")]
mod postgres_replica;
#[cfg(feature = "postgres-tests")]
mod postgres_surroundings;
mod refusals;
pub mod tables;
mod transactions;
mod upgrade;
