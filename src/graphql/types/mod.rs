//! The types of the schema, one file for each noun. Their doc comments become the schema's descriptions, which client
//! developers read.

mod connection;
pub mod direct;
pub mod enums;
pub mod event;
pub mod group;
pub mod node;
pub mod passkey;
pub mod plain;
pub mod scalars;
pub mod session;
pub mod user;
pub mod workspace;

#[cfg(test)]
mod tests;
