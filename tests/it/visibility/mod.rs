//! Visibility of workspaces and groups: edge cases, and generated domains compared with an independent model of the rules.

mod cases;
pub mod model;
mod property;
