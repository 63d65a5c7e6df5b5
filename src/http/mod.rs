//! The HTTP layer: paths, methods, headers, status codes, bodies, connections.
//!
//! This module handles HTTP. It does not know the schema, the meaning of a GraphQL document, the caller, or the
//! caller's permissions. It passes a request unchanged to an [`Execute`] with its [`ClientInfo`], and converts the response
//! into the form that the GraphQL over HTTP specification requires.

mod api;
mod assets;
mod backpressure;
mod body;
mod client;
mod connection;
mod cors;
mod etag;
mod exchange;
mod graphql;
mod health;
mod loopback;
mod mailbox;
mod negotiation;
mod page_settings;
mod pages;
mod public_path;
mod refusal;
mod request;
mod request_id;
mod response;
mod router;
mod sdl;
mod security;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod vary;

pub use api::{ClientInfo, Execute};
pub use mailbox::Mails;
pub use page_settings::{PageSettings, SampleUser, SampleUsers};
pub use request_id::RequestId;
pub use router::{HttpSettings, Site, router};
pub use sdl::SchemaText;
pub use server::{BindError, bind, serve};
