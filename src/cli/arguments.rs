//! The command line: commands and their options, and a flag for every setting.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::error::CliError;
use crate::config::{self, Config};
use crate::domain::mfa::MfaType;
use crate::domain::user::{RequiredAction, UserRoleType};

/// The heading under which `--help` lists the flags of settings.
const SETTINGS_HEADING: &str = "Settings (see docs/configuration.md)";

/// What was typed.
pub(super) struct Arguments {
    /// The command.
    pub(super) command: Command,
    /// The settings that came with it.
    pub(super) settings: GivenSettings,
}

/// The settings that were given on the command line.
pub(super) struct GivenSettings {
    config_file: Option<PathBuf>,
    flags: BTreeMap<&'static str, String>,
}

#[derive(Parser)]
#[command(name = "userprofile", version, about = "A self-service identity profile server: GraphQL over HTTP")]
struct CommandLine {
    /// The TOML file with settings; flags and environment variables beat what is in it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Runs the server
    Serve(ServeOptions),
    /// Brings the database's tables up to date
    Migrate,
    /// Reads domains, users, roles, groups, workspaces and bindings from a file: all of it or, if anything is wrong, nothing
    Import(ImportOptions),
    /// Writes everything into a file that `import` reads
    Export(ExportOptions),
    /// Does something to one user
    #[command(subcommand)]
    User(UserVerb),
    /// Prints the GraphQL schema
    Schema(SchemaOptions),
    /// Prints the settings in force, secrets masked
    Config,
}

#[derive(Args)]
pub(super) struct ServeOptions {
    /// Apply migrations first (on SQLite they always are)
    #[arg(long)]
    pub(super) migrate: bool,
    /// Fill an empty SQLite database with a made-up company, and say who to sign in as; on loopback only
    #[arg(long)]
    pub(super) demo: bool,
}

#[derive(Args)]
pub(super) struct ImportOptions {
    /// The file, one JSON object a line; `-` for standard input
    pub(super) file: PathBuf,
    /// Check everything and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args)]
pub(super) struct ExportOptions {
    /// The file; `-` for standard output
    pub(super) file: PathBuf,
    /// Password hashes and one-time password secrets too: anyone who reads the file can try passwords and sign in
    #[arg(long)]
    pub(super) with_secrets: bool,
}

#[derive(Args)]
pub(super) struct SchemaOptions {
    /// As a subgraph of Apollo Federation 2
    #[arg(long)]
    pub(super) federation: bool,
}

/// Which user.
#[derive(Args)]
pub(super) struct UserName {
    /// The domain's id
    pub(super) domain_id: String,
    /// What the user signs in with
    pub(super) user_id: String,
}

#[derive(Subcommand)]
pub(super) enum UserVerb {
    /// Makes a user
    Create(CreateOptions),
    /// Prints a user as `import` reads them, without secrets
    Show(UserName),
    /// Lets a user in again
    Enable(UserName),
    /// Shuts a user out, at once, and ends their sessions
    Disable(UserName),
    /// Takes a user away
    Delete(UserName),
    /// Sets a user's password, asked for at the terminal, and ends their sessions
    SetPassword(SetPasswordOptions),
    /// Prints a link by which a user sets a password, once; works before the first sign-in, too
    ResetLink(UserName),
    /// Requires something of a user before anything else
    RequireAction(RequireActionOptions),
    /// Makes a second factor a must for a user
    EnforceMfa(EnforceMfaOptions),
    /// Takes a user's second factor and recovery codes away, for who has lost them
    ResetMfa(UserName),
    /// Lists a user's sessions
    Sessions(UserName),
    /// Ends a user's sessions
    RevokeSessions(UserName),
    /// Invalidates all links that undo a change of a user's email address
    VoidUndoLinks(UserName),
}

#[derive(Args)]
pub(super) struct CreateOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// What the user is called
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The user's e-mail address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// It is known that the user reads it
    #[arg(long, requires = "email")]
    pub(super) email_verified: bool,
    /// What the user is within the domain
    #[arg(long, value_enum, default_value = "user")]
    pub(super) role_type: RoleTypeArgument,
    /// Read the password from standard input instead of asking for one
    #[arg(long, conflicts_with = "no_password")]
    pub(super) password_stdin: bool,
    /// Set no password: the user cannot sign in until there is one
    #[arg(long)]
    pub(super) no_password: bool,
}

#[derive(Args)]
pub(super) struct SetPasswordOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// Read the password from standard input instead of asking for one
    #[arg(long)]
    pub(super) password_stdin: bool,
}

#[derive(Args)]
pub(super) struct RequireActionOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// What is required
    #[arg(value_enum, ignore_case = true, default_value = "update-password")]
    pub(super) action: ActionArgument,
    /// Require it no longer
    #[arg(long)]
    pub(super) remove: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ActionArgument {
    #[value(alias = "update_password")]
    UpdatePassword,
    #[value(alias = "enforce_mfa")]
    EnforceMfa,
}

impl From<ActionArgument> for RequiredAction {
    fn from(argument: ActionArgument) -> Self {
        match argument {
            ActionArgument::UpdatePassword => Self::UpdatePassword,
            ActionArgument::EnforceMfa => Self::EnforceMfa,
        }
    }
}

#[derive(Args)]
pub(super) struct EnforceMfaOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// Of which type it must be; any, if left out
    #[arg(value_enum, ignore_case = true)]
    pub(super) mfa_type: Option<MfaTypeArgument>,
    /// Leave it to the user again
    #[arg(long, conflicts_with = "mfa_type")]
    pub(super) remove: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum MfaTypeArgument {
    Email,
    Otp,
}

impl From<MfaTypeArgument> for MfaType {
    fn from(argument: MfaTypeArgument) -> Self {
        match argument {
            MfaTypeArgument::Email => Self::Email,
            MfaTypeArgument::Otp => Self::Otp,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleTypeArgument {
    User,
    DomainAdmin,
}

impl From<RoleTypeArgument> for UserRoleType {
    fn from(argument: RoleTypeArgument) -> Self {
        match argument {
            RoleTypeArgument::User => Self::User,
            RoleTypeArgument::DomainAdmin => Self::DomainAdmin,
        }
    }
}

impl Arguments {
    /// Parses the process's arguments. Invalid arguments end the process with status 2, `--help` with 0.
    pub(super) fn parse() -> Self {
        let settings = config::settings().iter().map(|setting| {
            Arg::new(setting.name)
                .long(setting.flag.as_str())
                .value_name(setting.value_name)
                .help(setting.meaning)
                .global(true)
                .hide_short_help(true)
                .help_heading(SETTINGS_HEADING)
        });
        let matches = CommandLine::command().args(settings).get_matches();
        let line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let flags = given_flags(&matches);
        Self { command: line.command, settings: GivenSettings { config_file: line.config, flags } }
    }
}

impl GivenSettings {
    /// Loads all settings: these and those from other sources.
    pub(super) fn load(self) -> Result<Config, CliError> {
        Ok(config::load(self.flags, self.config_file)?)
    }
}

fn given_flags(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    let given = config::settings()
        .iter()
        .filter_map(|setting| matches.get_one::<String>(setting.name).map(|value| (setting.name, value.clone())));
    given.collect()
}
