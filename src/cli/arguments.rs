//! The command line: commands and their options, and a flag for every setting.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Arg, Args, Command as ClapCommand, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use clap_complete::Shell;

use crate::config;
use crate::domain::mfa::MfaType;
use crate::domain::user::{RequiredAction, UserRoleType, UserState};

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
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
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
    /// Lists users, and manages one user
    User(UserCommand),
    /// Lists or revokes the sessions of a domain
    Session(SessionCommand),
    /// Lists domains
    Domain(DomainCommand),
    /// Lists messages that are not sent yet, sends them at once, or drops them
    Outbox(OutboxCommand),
    /// Encrypts everything again with the first of several secret keys, while servers run
    RotateKey(RotateKeyOptions),
    /// Prints the GraphQL schema
    Schema(SchemaOptions),
    /// Prints the effective settings, with secrets masked
    Config,
    /// Checks settings, database, secret key, mail server, and clock
    Doctor(DoctorOptions),
    /// Succeeds if the server that runs here with the same settings is ready, for containers
    Healthcheck,
    /// Prints the completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Prints the manual page
    Man,
}

#[derive(Args)]
pub(super) struct ServeOptions {
    /// Apply migrations first (on SQLite always)
    #[arg(long)]
    pub(super) migrate: bool,
    /// Serve sample data from an empty SQLite database, and print the credentials; on loopback only
    #[arg(long)]
    pub(super) demo: bool,
    /// How long to wait until the database can be reached
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(super) wait: Duration,
}

#[derive(Args)]
pub(super) struct DoctorOptions {
    /// Also send a test message to this address
    #[arg(long, value_name = "ADDRESS")]
    pub(super) send_to: Option<String>,
    /// Print JSON, one object per line, also on a terminal
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct ImportOptions {
    /// The file, with one JSON object per line; `-` for standard input
    pub(super) file: PathBuf,
    /// Validate everything and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Args)]
pub(super) struct ExportOptions {
    /// The file; `-` for standard output
    pub(super) file: PathBuf,
    /// Include password hashes and one-time password secrets; keep the file secret
    #[arg(long)]
    pub(super) with_secrets: bool,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Args)]
pub(super) struct SchemaOptions {
    /// Print the schema of the subgraph for Apollo Federation 2
    #[arg(long)]
    pub(super) federation: bool,
}

/// Why an operator runs a command.
#[derive(Args, Clone)]
pub(super) struct Reason {
    /// Why, for the audit log; a ticket number, for example
    #[arg(long, global = true, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Who, for the audit log, if that is not the user of the operating system
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) operator: Option<String>,
}

#[derive(Args)]
pub(super) struct RotateKeyOptions {
    /// Give up what is encrypted with a key that is lost, by the id that the error names
    #[arg(long, value_name = "KEY_ID")]
    pub(super) forget: Option<String>,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Args)]
pub(super) struct UserCommand {
    #[command(subcommand)]
    pub(super) verb: UserVerb,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Args)]
pub(super) struct SessionCommand {
    #[command(subcommand)]
    pub(super) verb: SessionVerb,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Subcommand)]
pub(super) enum SessionVerb {
    /// Lists the sessions of a domain, last used first
    List(ListSessionsOptions),
    /// Ends all sessions of a domain, after a backup was restored, for example
    RevokeAll(DomainName),
}

#[derive(Args)]
pub(super) struct DomainName {
    /// The id of the domain
    pub(super) domain_id: String,
}

#[derive(Args)]
pub(super) struct ListSessionsOptions {
    #[command(flatten)]
    pub(super) domain: DomainName,
    #[command(flatten)]
    pub(super) list: ListOptions,
}

#[derive(Args)]
pub(super) struct ListOptions {
    /// The maximum number of lines
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) limit: u32,
    /// Print JSON, one object per line, also on a terminal
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct DomainCommand {
    #[command(subcommand)]
    pub(super) verb: DomainVerb,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Subcommand)]
pub(super) enum DomainVerb {
    /// Lists all domains
    List {
        /// Print JSON, one object per line, also on a terminal
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(super) struct OutboxCommand {
    #[command(subcommand)]
    pub(super) verb: OutboxVerb,
    #[command(flatten)]
    pub(super) reason: Reason,
}

#[derive(Subcommand)]
pub(super) enum OutboxVerb {
    /// Lists jobs, the oldest first: messages to send, requests for reset links, and those that failed
    List(ListOptions),
    /// Sends a message at the next opportunity instead of after the pause
    Retry {
        /// The job; all that wait if omitted
        job_id: Option<String>,
    },
    /// Deletes a job, so that its message is never sent
    Drop {
        /// The job
        job_id: String,
    },
}

#[derive(Args)]
pub(super) struct ListUsersOptions {
    /// The domain; all domains if omitted
    pub(super) domain_id: Option<String>,
    /// A part of either id of the user, of the name, or of an email address, in any case
    #[arg(long, value_name = "TEXT")]
    pub(super) query: Option<String>,
    /// Only users in this state
    #[arg(long, value_enum, ignore_case = true)]
    pub(super) state: Option<UserState>,
    /// Only users with MFA in this state, or with this factor
    #[arg(long, value_enum, ignore_case = true)]
    pub(super) mfa: Option<MfaFilter>,
    /// Only users whose accounts are going to be deleted, at their own request
    #[arg(long)]
    pub(super) to_be_deleted: bool,
    /// Begin after this user, which the previous page names
    #[arg(long, value_name = "DOMAIN_ID/USER_ID")]
    pub(super) after: Option<String>,
    #[command(flatten)]
    pub(super) list: ListOptions,
}

/// Which MFA a listed user has.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum MfaFilter {
    /// MFA is on
    Enabled,
    /// MFA is off
    Disabled,
    /// MFA is on, with codes by email
    Email,
    /// MFA is on, with an authenticator app
    Otp,
}

#[derive(Args)]
pub(super) struct ShowUserOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// Also print a scheduled deletion, the sessions, the passkeys, and the newest security events, as lines of their own
    #[arg(long)]
    pub(super) full: bool,
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
    /// Lists or searches users
    List(ListUsersOptions),
    #[command(flatten)]
    One(OneUserVerb),
}

/// What is done with one user.
#[derive(Subcommand)]
pub(super) enum OneUserVerb {
    /// Creates a user
    Create(CreateOptions),
    /// Prints a user as a line for `import`, without secrets
    Show(ShowUserOptions),
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
    /// Lists a user's passkeys
    Passkeys(ListPasskeysOptions),
    /// Removes a passkey of a user, even if it is the last way to sign in
    RemovePasskey(RemovePasskeyOptions),
    /// Lists a user's sessions
    Sessions(UserName),
    /// Revokes a user's sessions
    RevokeSessions(UserName),
    /// Cancels the deletion of a user's account, which the user has requested
    CancelDeletion(UserName),
    /// Invalidates all links that undo a change of a user's email address
    VoidUndoLinks(UserName),
}

impl OneUserVerb {
    /// Whether the command removes what it otherwise adds.
    pub(super) fn removes(&self) -> bool {
        match self {
            Self::RequireAction(options) => options.remove,
            Self::EnforceMfa(options) => options.remove,
            _ => false,
        }
    }

    /// The name of the command, and the user that it is about.
    pub(super) fn name_and_user(&self) -> (&'static str, &UserName) {
        match self {
            Self::Create(options) => ("user create", &options.user),
            Self::Show(options) => ("user show", &options.user),
            Self::Enable(user) => ("user enable", user),
            Self::Disable(user) => ("user disable", user),
            Self::Delete(user) => ("user delete", user),
            Self::SetPassword(options) => ("user set-password", &options.user),
            Self::ResetLink(user) => ("user reset-link", user),
            Self::RequireAction(options) => ("user require-action", &options.user),
            Self::EnforceMfa(options) => ("user enforce-mfa", &options.user),
            Self::ResetMfa(user) => ("user reset-mfa", user),
            Self::Passkeys(options) => ("user passkeys", &options.user),
            Self::RemovePasskey(options) => ("user remove-passkey", &options.user),
            Self::Sessions(user) => ("user sessions", user),
            Self::RevokeSessions(user) => ("user revoke-sessions", user),
            Self::CancelDeletion(user) => ("user cancel-deletion", user),
            Self::VoidUndoLinks(user) => ("user void-undo-links", user),
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
pub(super) struct ListPasskeysOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// Print JSON, one object per line, also on a terminal
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct RemovePasskeyOptions {
    #[command(flatten)]
    pub(super) user: UserName,
    /// The id of the passkey, as `user passkeys` lists it
    pub(super) passkey_id: String,
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
    UserState { Enabled = "enabled", Disabled = "disabled", Pending = "pending" }
    UserRoleType { User = "user", DomainAdmin = "domain-admin" }
}

impl Arguments {
    /// Parses the process's arguments. Invalid arguments end the process with status 2, `--help` with 0.
    pub(super) fn parse() -> Self {
        let matches = command_line().get_matches();
        let line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let flags = config::settings()
            .iter()
            .filter_map(|setting| Some((setting.name, matches.get_one::<String>(setting.name)?.clone())));
        Self { command: line.command, config_file: line.config, flags: flags.collect() }
    }
}

/// All commands, with a flag for each setting.
pub(super) fn command_line() -> ClapCommand {
    let settings = config::settings().iter().map(|setting| {
        Arg::new(setting.name)
            .long(setting.flag.as_str())
            .value_name(setting.value_name)
            .help(setting.meaning)
            .global(true)
            .hide_short_help(true)
            .help_heading(SETTINGS_HEADING)
    });
    CommandLine::command().args(settings)
}
