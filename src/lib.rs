//! `UserProfile`: a self-service identity profile server.
//!
//! The layers, from the outside in: [`cli`] runs commands, [`config`] reads settings, [`http`] transports requests and
//! responses, [`graphql`] defines the API, [`services`] implement the use cases, [`storage`] stores the data, [`mail`]
//! renders and sends messages, [`webhook`] reports events, [`webauthn`] checks passkeys, [`domain`] defines values and
//! rules. Each may use the layers after it, never the layers before it; `tests/it/layers.rs` checks that.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod graphql;
pub mod http;
pub mod http_client;
pub mod low_priority;
pub mod mail;
pub mod metrics;
pub mod services;
pub mod spans;
pub mod storage;
pub mod version;
pub mod webauthn;
pub mod webhook;
