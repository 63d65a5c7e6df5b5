//! The commands of the binary. Each reads the settings, sets up what it needs, calls a service, and prints the result.
//! Exit status: 0 success, 1 refused or failed, 2 incorrect usage or settings.

mod arguments;
mod demo;
mod documents;
mod error;
mod export;
mod import;
mod log;
mod migrate;
mod output;
mod rotate_key;
mod secret_key;
mod serve;
mod set_up;
mod user;

use std::future::Future;
use std::process::ExitCode;

use arguments::{Arguments, Command, SchemaOptions};
use error::CliError;

use crate::config;

/// Runs the command given on the command line.
pub fn run() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::eprint(&format!("userprofile: {error}"));
            error.exit_code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), CliError> {
    let Arguments { command, config_file, flags } = arguments;
    let config = || config::load(flags, config_file);
    match command {
        Command::Serve(options) => block_on(serve::serve(config()?, options)),
        Command::Migrate => block_on(migrate::migrate(config()?)),
        Command::Import(options) => block_on(import::import(config()?, options)),
        Command::Export(options) => block_on(export::export(config()?, options)),
        Command::User(verb) => block_on(user::user(config()?, verb)),
        Command::RotateKey => block_on(rotate_key::rotate_key(config()?)),
        Command::Config => output::print(&config()?.to_masked_toml()),
        // Needs no settings: the schema does not depend on them.
        Command::Schema(SchemaOptions { federation: true }) => output::print(&crate::graphql::subgraph_sdl()),
        Command::Schema(SchemaOptions { federation: false }) => output::print(&crate::graphql::sdl()),
    }
}

fn block_on(command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("the asynchronous runtime cannot be started: {error}")))?;
    let result = runtime.block_on(command);
    // Operations that still run on threads of their own, such as an abandoned statement, must not delay the exit.
    runtime.shutdown_background();
    result
}
