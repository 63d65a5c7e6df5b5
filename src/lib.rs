//! `UserProfile`: a self-service identity profile server.
//!
//! The layers, from the outside in: [`cli`] starts it, [`http`] carries it, [`graphql`] asks, [`services`] decide
//! and do, [`storage`] keeps, [`mail`] says, [`domain`] knows what is true. Each may use the ones after it, never the ones before;
//! `tests/it/layers.rs` holds that. [`config`] is read by `cli` alone, which hands plain values down.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod graphql;
pub mod http;
pub mod low_priority;
pub mod mail;
pub mod services;
pub mod storage;
