//! Import and export: the file format, and the two directions.

pub mod export;
mod format;
pub mod import;
