//! The commands of the binary. Each reads the settings, sets up what it needs, calls a service, and prints the result.
//! Exit status: 0 success, 1 refused or failed, 2 incorrect usage or settings.

mod arguments;
mod audit;
mod demo;
mod doctor;
mod documents;
mod domain;
mod error;
mod export;
mod healthcheck;
mod import;
mod log;
mod migrate;
mod outbox;
mod output;
mod rotate_key;
mod secret_key;
mod serve;
mod session;
mod set_up;
mod table;
mod user;
mod user_list;

use std::future::Future;
use std::process::ExitCode;

use arguments::{
    Arguments, Command, DomainCommand, OutboxCommand, OutboxVerb, SchemaOptions, SessionCommand, SessionVerb,
    UserCommand, UserVerb, command_line,
};
use audit::Audited;
use error::CliError;

use crate::config::{Given, LogFormat};

/// Runs the command given on the command line.
pub fn run() -> ExitCode {
    let Arguments { command, config_file, flags } = Arguments::parse();
    let given = Given::read(flags, config_file);
    let format = given.log_format();
    let is_server = matches!(command, Command::Serve(_));
    match dispatch(command, given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A log collector parses a server's standard error; people read that of other commands.
            match if is_server { log::format_or_default(format) } else { format.unwrap_or(LogFormat::Text) } {
                LogFormat::Json => output::eprint(&log::fatal_entry(&error.to_string())),
                LogFormat::Text => output::eprint(&format!("userprofile: {error}")),
            }
            error.exit_code()
        }
    }
}

fn dispatch(command: Command, given: Given) -> Result<(), CliError> {
    let config = || given.resolve();
    match command {
        Command::Serve(options) => block_on(serve::serve(config()?, options)),
        Command::Migrate => block_on(migrate::migrate(config()?)),
        Command::Import(options) => {
            let audited = Audited::new("import", &options.reason)
                .with("--dry-run", options.dry_run)
                .with(&options.file.to_string_lossy(), true);
            block_on(audited.run(import::import(config()?, options)))
        }
        Command::Export(options) => {
            let audited = Audited::new("export", &options.reason)
                .with("--with-secrets", options.with_secrets)
                .with(&options.file.to_string_lossy(), true);
            block_on(audited.run(export::export(config()?, options)))
        }
        Command::User(UserCommand { verb, reason }) => {
            let audited = match &verb {
                UserVerb::List(_) => Audited::new("user list", &reason),
                UserVerb::One(verb) => Audited::about(verb.name_and_user(), &reason).with("--remove", verb.removes()),
            };
            block_on(audited.run(user::user(config()?, verb)))
        }
        Command::Session(SessionCommand { verb, reason }) => {
            let audited = match &verb {
                SessionVerb::List(options) => {
                    Audited::new("session list", &reason).of_domain(&options.domain.domain_id)
                }
                SessionVerb::RevokeAll(domain) => {
                    Audited::new("session revoke-all", &reason).of_domain(&domain.domain_id)
                }
            };
            block_on(audited.run(session::session(config()?, verb)))
        }
        Command::Domain(DomainCommand { verb, reason }) => {
            block_on(Audited::new("domain list", &reason).run(domain::domain(config()?, verb)))
        }
        Command::Outbox(OutboxCommand { verb, reason }) => {
            let audited = match &verb {
                OutboxVerb::List(_) => Audited::new("outbox list", &reason),
                OutboxVerb::Retry { job_id } => Audited::new("outbox retry", &reason).of_job(job_id.as_deref()),
                OutboxVerb::Drop { job_id } => Audited::new("outbox drop", &reason).of_job(Some(job_id)),
            };
            block_on(audited.run(outbox::outbox(config()?, verb)))
        }
        Command::RotateKey(options) => {
            let audited = Audited::new("rotate-key", &options.reason).with("--forget", options.forget.is_some());
            block_on(audited.run(rotate_key::rotate_key(config()?, options.forget)))
        }
        Command::Config => output::print(&config()?.to_masked_toml()),
        Command::Doctor(options) => block_on(doctor::doctor(config()?, options)),
        Command::Healthcheck => block_on(healthcheck::healthcheck(config()?)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command_line(), "userprofile", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(command_line()).render(&mut page);
            rendered.map_err(|error| CliError::failed(format!("the manual page cannot be written: {error}")))?;
            output::print(&String::from_utf8_lossy(&page))
        }
        // Needs no settings: the schema does not depend on them.
        Command::Schema(SchemaOptions { federation: true }) => output::print(crate::graphql::subgraph_sdl()),
        Command::Schema(SchemaOptions { federation: false }) => output::print(crate::graphql::sdl()),
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
