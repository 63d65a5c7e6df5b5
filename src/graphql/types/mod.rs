//! The types of the schema, one file a noun. Their documentation is the schema's: it is written for the developers of
//! clients.

mod connection;
pub mod enums;
pub mod event;
pub mod group;
pub mod in_order;
pub mod node;
pub mod scalars;
pub mod session;
pub mod user;
pub mod workspace;
