//! The HTTP layer: paths, methods, headers, status codes, bodies, connections.
//!
//! This module handles HTTP. It does not know the schema, the meaning of a GraphQL document, the caller, or the
//! caller's permissions. It passes a request unchanged to the [`GraphqlApi`] with its [`ClientInfo`], and converts the
//! response into the form that the GraphQL over HTTP specification requires.

mod access;
mod api;
mod app;
mod assets;
mod backpressure;
mod body;
mod client_address;
mod connection;
mod cors;
mod endpoint;
mod error;
mod etag;
mod graphql;
mod health;
mod loopback;
mod mailbox;
mod media;
mod negotiation;
mod page_settings;
mod pages;
mod public_path;
mod request;
mod request_id;
mod request_info;
mod response;
mod router;
mod sdl;
mod security;
mod server;
mod session;
mod settings;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod trace_context;
mod vary;

pub use api::{ClientInfo, GraphqlApi};
pub use app::App;
pub use mailbox::MessageList;
pub use page_settings::{PageSettings, SampleUser, SampleUsers};
pub use request_id::RequestId;
pub use sdl::SchemaText;
pub use server::{BindError, bind, serve};
pub use settings::HttpSettings;
pub use state::ServerOptions;
