//! The command line: commands and their options, and a flag for every setting.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config;
use crate::domain::mfa::MfaType;
use crate::domain::user::{RequiredAction, UserRoleType};

/// The heading under which `--help` lists the flags of settings.
const SETTINGS_HEADING: &str = "Settings (see docs/configuration.md)";

/// The parsed command line.
pub(super) struct Arguments {
    /// The command.
    pub(super) command: Command,
    /// The file with settings.
    pub(super) config_file: Option<PathBuf>,
    /// The settings among the flags.
    pub(super) flags: BTreeMap<&'static str, String>,
}

#[derive(Parser)]
#[command(name = "userprofile", version = crate::version::text(), about = "A self-service identity server with a GraphQL API")]
struct CommandLine {
    /// The TOML file with settings; flags and environment variables override it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Runs the server
    Serve(ServeOptions),
    /// Applies migrations: brings the tables of the database up to date
    Migrate,
    /// Imports domains, users, roles, groups, workspaces, and role bindings from a file; nothing if any line is invalid
    Import(ImportOptions),
    /// Exports everything to a file that `import` reads
    Export(ExportOptions),
    /// Manages one user
    #[command(subcommand)]
    User(UserVerb),
    /// Encrypts everything again with the first of several secret keys, while servers run
    RotateKey,
    /// Prints the GraphQL schema
    Schema(SchemaOptions),
    /// Prints the effective settings, with secrets masked
    Config,
}

#[derive(Args)]
pub(super) struct ServeOptions {
    /// Apply migrations first (on SQLite always)
    #[arg(long)]
    pub(super) migrate: bool,
    /// Serve sample data from an empty SQLite database, and print the credentials; on loopback only
    #[arg(long)]
    pub(super) demo: bool,
}

#[derive(Args)]
pub(super) struct ImportOptions {
    /// The file, with one JSON object per line; `-` for standard input
    pub(super) file: PathBuf,
    /// Validate everything and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Args)]
pub(super) struct ExportOptions {
    /// The file; `-` for standard output
    pub(super) file: PathBuf,
    /// Include password hashes and one-time password secrets; keep the file secret
    #[arg(long)]
    pub(super) with_secrets: bool,
}

#[derive(Args)]
pub(super) struct SchemaOptions {
    /// Print the schema of the subgraph for Apollo Federation 2
    #[arg(long)]
    pub(super) federation: bool,
}

/// The user.
#[derive(Args)]
pub(super) struct UserName {
    /// The id of the user's domain
    pub(super) domain_id: String,
    /// The user id that the user signs in with
    pub(super) user_id: String,
}

#[derive(Subcommand)]
pub(super) enum UserVerb {
    /// Creates a user
    Create(CreateOptions),
    /// Prints a user as a line for `import`, without secrets
    Show(UserName),
    /// Allows a disabled user to sign in again
    Enable(UserName),
    /// Prevents a user from signing in, and revokes their sessions
    Disable(UserName),
    /// Deletes a user
    Delete(UserName),
    /// Sets a user's password, entered at the terminal, and revokes their sessions
    SetPassword(SetPasswordOptions),
    /// Prints a single-use link to set a password; also works before the first sign-in
    ResetLink(UserName),
    /// Requires a user to complete an action before all other operations
    RequireAction(RequireActionOptions),
    /// Enforces MFA for a user
    EnforceMfa(EnforceMfaOptions),
    /// Disables a user's MFA and deletes their recovery codes, if they have lost their factor
    ResetMfa(UserName),
    /// Lists a user's sessions
    Sessions(UserName),
    /// Revokes a user's sessions
    RevokeSessions(UserName),
    /// Invalidates all links that undo a change of a user's email address
    VoidUndoLinks(UserName),
}

impl UserVerb {
    /// The user that the command is about.
    pub(super) fn user(&self) -> &UserName {
        match self {
            Self::Create(options) => &options.user,
            Self::SetPassword(options) => &options.user,
            Self::RequireAction(options) => &options.user,
            Self::EnforceMfa(options) => &options.user,
            Self::Show(user)
            | Self::Enable(user)
            | Self::Disable(user)
            | Self::Delete(user)
            | Self::ResetLink(user)
            | Self::ResetMfa(user)
            | Self::Sessions(user)
            | Self::RevokeSessions(user)
            | Self::VoidUndoLinks(user) => user,
        }
    }
}

#[derive(Args)]
pub(super) struct CreateOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// The user's display name
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The user's email address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// The email address is verified
    #[arg(long, requires = "email")]
    pub(super) email_verified: bool,
    /// The user's own role type
    #[arg(long, value_enum, default_value = "user")]
    pub(super) role_type: UserRoleType,
    /// Read the password from standard input instead of asking for one
    #[arg(long, conflicts_with = "no_password")]
    pub(super) password_stdin: bool,
    /// Set no password; the user cannot sign in until they have one
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
    /// The required action
    #[arg(value_enum, ignore_case = true, default_value = "update-password")]
    pub(super) action: RequiredAction,
    /// Remove the requirement
    #[arg(long)]
    pub(super) remove: bool,
}

#[derive(Args)]
pub(super) struct EnforceMfaOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// The factor to enforce; any factor if omitted
    #[arg(value_enum, ignore_case = true)]
    pub(super) mfa_type: Option<MfaType>,
    /// Stop enforcing MFA
    #[arg(long, conflicts_with = "mfa_type")]
    pub(super) remove: bool,
}

/// Makes enums of the domain arguments: each value by its name, and by its alias if it has one.
macro_rules! value_enums {
    ($($type:ident { $($value:ident = $name:literal $(or $alias:literal)?),+ $(,)? })+) => { $(
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$value),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self { $(Self::$value => PossibleValue::new($name)$(.alias($alias))?),+ })
            }
        }
    )+ };
}

value_enums! {
    RequiredAction {
        UpdatePassword = "update-password" or "update_password",
        EnforceMfa = "enforce-mfa" or "enforce_mfa",
    }
    MfaType { Email = "email", Otp = "otp" }
    UserRoleType { User = "user", DomainAdmin = "domain-admin" }
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
        let flags = config::settings()
            .iter()
            .filter_map(|setting| Some((setting.name, matches.get_one::<String>(setting.name)?.clone())));
        Self { command: line.command, config_file: line.config, flags: flags.collect() }
    }
}
