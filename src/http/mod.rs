//! How it arrives: addresses, methods, headers, status codes, bodies, connections.
//!
//! Here belongs what HTTP says and asks for. What a GraphQL document means, who the caller is and what he may do does
//! not: a request is handed to an [`Execute`] as it came, with its [`Sender`], and its answer is put into the form that
//! the GraphQL over HTTP specification asks for. Nothing here knows the schema.

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

pub use api::{Execute, Sender};
pub use mailbox::Mails;
pub use page_settings::{PageSettings, SampleUser, SampleUsers};
pub use request_id::RequestId;
pub use router::{HttpSettings, Site, router};
pub use sdl::SchemaText;
pub use server::{BindError, bind, serve};
