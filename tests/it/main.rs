//! The integration tests: the real router, services and binary, on a real database. On SQLite by default; on PostgreSQL
//! where `TEST_DATABASE_URL` names a server, as `scripts/test` does, which runs them on both.

mod cli;
mod generated;
mod http;
mod import;
mod layers;
mod me;
mod sessions;
mod storage;
mod support;
mod throttle;
mod visibility;
