//! `user`.

use std::io::{BufRead, IsTerminal};

use chrono::SecondsFormat;

use super::arguments::{CreateOptions, OneUserVerb, UserName, UserVerb};
use super::error::CliError;
use super::set_up::SetUp;
use super::{log, output, set_up, user_list};
use crate::config::Config;
use crate::domain::Invalid;
use crate::domain::email::Email;
use crate::domain::ids::{DomainId, PasskeyId};
use crate::domain::login::LoginId;
use crate::domain::password::Password;
use crate::domain::profile_text::Name;
use crate::services::Services;
use crate::services::admin::NewUser;
use crate::services::outbox::NotNotified;

/// Runs a `user` command.
pub(super) async fn user(config: Config, verb: UserVerb) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, SetUp { encrypts: true, ..SetUp::default() }).await?;
    let verb = match verb {
        UserVerb::List(options) => return user_list::list(&services, options).await,
        UserVerb::One(verb) => verb,
    };
    let services = &services;
    let (domain, login) = &named(services, verb.name_and_user().1).await?;
    match verb {
        OneUserVerb::Create(options) => create(services, domain, login, options).await,
        OneUserVerb::Show(options) => {
            output::print(&services.show_user(domain, login).await?)?;
            if options.full { user_list::details(services, domain, login).await } else { Ok(()) }
        }
        OneUserVerb::Enable(_) => Ok(services.enable_user(domain, login).await?),
        OneUserVerb::Disable(_) => Ok(services.disable_user(domain, login).await?),
        OneUserVerb::Delete(_) => Ok(services.delete_user(domain, login).await?),
        OneUserVerb::SetPassword(options) => {
            let password = ask_password(options.password_stdin)?;
            warn_if_not_notified(services.set_password(domain, login, password).await?);
            Ok(())
        }
        OneUserVerb::ResetLink(_) => {
            let (link, expires_at) = services.issue_reset_link(domain, login).await?;
            let expires_at = expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            output::eprint(&format!("This link can be used once, until {expires_at}:"));
            output::print(&format!("{link}\n"))
        }
        OneUserVerb::RequireAction(options) => {
            Ok(services.require_action(domain, login, options.action, !options.remove).await?)
        }
        OneUserVerb::EnforceMfa(options) if options.remove => Ok(services.stop_enforcing_mfa(domain, login).await?),
        OneUserVerb::EnforceMfa(options) => Ok(services.enforce_mfa(domain, login, options.mfa_type).await?),
        OneUserVerb::ResetMfa(_) => {
            warn_if_not_notified(services.reset_mfa(domain, login).await?);
            Ok(())
        }
        OneUserVerb::Passkeys(options) => user_list::passkeys(services, domain, login, options.json).await,
        OneUserVerb::RemovePasskey(options) => {
            let id = PasskeyId::parse(&options.passkey_id).map_err(invalid("PASSKEY_ID"))?;
            warn_if_not_notified(services.remove_user_passkey(domain, login, &id).await?);
            Ok(())
        }
        OneUserVerb::Sessions(_) => sessions(services, domain, login).await,
        OneUserVerb::RevokeSessions(_) => {
            output::print(&format!("{} sessions revoked\n", services.revoke_user_sessions(domain, login).await?))
        }
        OneUserVerb::CancelDeletion(_) => {
            warn_if_not_notified(services.cancel_user_deletion(domain, login).await?);
            Ok(())
        }
        OneUserVerb::VoidUndoLinks(_) => {
            output::print(&format!("{} undo links invalidated\n", services.invalidate_undo_links(domain, login).await?))
        }
    }
}

/// The user of a command, whose domain exists.
async fn named(services: &Services, user: &UserName) -> Result<(DomainId, LoginId), CliError> {
    let domain = DomainId::parse(&user.domain_id).map_err(invalid("DOMAIN_ID"))?;
    let login = LoginId::parse(&user.user_id).map_err(invalid("USER_ID"))?;
    services.check_domain(&domain).await?;
    Ok((domain, login))
}

async fn create(
    services: &Services,
    domain: &DomainId,
    login: &LoginId,
    options: CreateOptions,
) -> Result<(), CliError> {
    let name = options.name.map(|name| Name::parse(&name)).transpose().map_err(invalid("--name"))?;
    let email = options.email.map(|email| Email::parse(&email)).transpose().map_err(invalid("--email"))?;
    let password = if options.no_password { None } else { Some(ask_password(options.password_stdin)?) };
    let new = NewUser {
        domain_id: domain.clone(),
        login: login.clone(),
        name,
        email: email.map(|email| (email, options.email_verified)),
        role_type: options.role_type,
        password,
    };
    output::print(&format!("{}\n", services.create_user(new).await?.id))
}

async fn sessions(services: &Services, domain: &DomainId, login: &LoginId) -> Result<(), CliError> {
    let mut lines = String::new();
    for session in services.list_user_sessions(domain, login).await? {
        let agent = output::one_line(session.user_agent.as_deref().unwrap_or("-"));
        let last_used = session.last_used_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        lines += &format!("{}  last used {last_used}  from {}  {agent}\n", session.id, session.client_address);
    }
    output::print(&lines)
}

/// Prints that a notification is not sent, so that the operator can inform the user.
fn warn_if_not_notified(reason: Option<NotNotified>) {
    if let Some(reason) = reason {
        output::eprint(&format!("the user is not notified: {reason}; inform them yourself"));
    }
}

fn invalid(argument: &'static str) -> impl FnOnce(Invalid) -> CliError {
    move |invalid| CliError::usage(format!("{argument}: {invalid}"))
}

/// The password is never read from an argument, which every process of the machine can read.
fn ask_password(from_standard_input: bool) -> Result<Password, CliError> {
    let unreadable = |error: std::io::Error| CliError::failed(format!("the password cannot be read: {error}"));
    if from_standard_input {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
        return Ok(Password::from_input(line.trim_end_matches(['\r', '\n'])));
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::usage("standard input is not a terminal to enter the password at; use --password-stdin"));
    }
    let password = rpassword::prompt_password("New password: ").map_err(unreadable)?;
    if rpassword::prompt_password("Repeat the password: ").map_err(unreadable)? != password {
        return Err(CliError::failed("the two passwords differ; nothing was changed"));
    }
    Ok(Password::from_input(&password))
}
