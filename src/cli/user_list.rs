//! `user list`, and the details of `user show`.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::arguments::{ListUsersOptions, MfaFilter};
use super::error::CliError;
use super::output;
use super::table::Table;
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::event::SecurityEvent;
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::mfa::{MfaState, MfaType};
use crate::domain::passkey::Passkey;
use crate::domain::profile_text::Name;
use crate::domain::session::Session;
use crate::domain::user::User;
use crate::services::Services;
use crate::services::help_desk::{AfterUser, UserSearch};
use crate::storage::users::UserSelection;

/// How many events `user show --full` prints.
const EVENTS: usize = 100;

/// Lists or searches users.
pub(super) async fn list(services: &Services, options: ListUsersOptions) -> Result<(), CliError> {
    let ListUsersOptions { domain_id, query, state, mfa, to_be_deleted, after, list } = options;
    let domain_id = domain_id.map(|id| parse_domain(&id, "DOMAIN_ID")).transpose()?;
    if let Some(domain_id) = &domain_id {
        services.check_domain(domain_id).await?;
    }
    let (mfa_state, mfa_type) = match mfa {
        None => (None, None),
        Some(MfaFilter::Enabled) => (Some(MfaState::Enabled), None),
        Some(MfaFilter::Disabled) => (Some(MfaState::Disabled), None),
        Some(MfaFilter::Email) => (Some(MfaState::Enabled), Some(MfaType::Email)),
        Some(MfaFilter::Otp) => (Some(MfaState::Enabled), Some(MfaType::Otp)),
    };
    let search = UserSearch {
        selection: UserSelection { domain_id, state, mfa_state, mfa_type, is_to_be_deleted: to_be_deleted },
        part: query,
        after: after.map(|after| parse_after(&after)).transpose()?,
        limit: usize::try_from(list.limit).unwrap_or(usize::MAX),
    };
    let (users, has_more) = services.search_users(&search).await?;
    let columns = &[
        "domain_id",
        "user_id",
        "name",
        "email",
        "email_verified",
        "state",
        "auth_type",
        "role_type",
        "mfa",
        "required_actions",
        "last_accessed_at",
        "id",
    ];
    Table::new(columns, users.iter().map(user_row)).print(list.json)?;
    if let Some(last) = users.last().filter(|_| has_more) {
        // A user id may contain an apostrophe, which would end the argument in a shell.
        let user_id = last.login.as_str().replace('\'', r"'\''");
        output::eprint(&format!("There are more: --after '{}/{user_id}'", last.domain_id));
    }
    Ok(())
}

fn user_row(user: &User) -> Vec<Value> {
    let mfa = match (user.mfa.state, user.mfa.mfa_type) {
        (MfaState::Enabled, Some(mfa_type)) => mfa_type.as_str(),
        (state, _) => state.as_str(),
    };
    vec![
        json!(user.domain_id.as_str()),
        json!(user.login.as_str()),
        json!(user.name.as_ref().map(Name::as_str)),
        json!(user.email.as_ref().map(Email::as_str)),
        json!(user.email_verified),
        json!(user.state.as_str()),
        json!(user.auth_type.as_str()),
        json!(user.role_type.as_str()),
        json!(mfa),
        json!(user.required_actions.iter().map(|action| action.as_str()).collect::<Vec<_>>()),
        json!(user.last_accessed_at.map(text_of)),
        json!(user.id.as_str()),
    ]
}

/// Prints when the account of a user is going to be deleted, if it is; their sessions, passkeys, and newest events.
pub(super) async fn details(services: &Services, domain: &DomainId, login: &LoginId) -> Result<(), CliError> {
    let deletion = services.find_user_deletion(domain, login).await?;
    if let Some(scheduled_at) = deletion {
        Table::new(&["deletion_scheduled_at"], [vec![json!(text_of(scheduled_at))]]).print(false)?;
    }
    let columns = &["session_id", "last_used_at", "expires_at", "client_address", "user_agent"];
    let sessions = services.list_user_sessions(domain, login).await?;
    Table::new(columns, sessions.iter().map(session_row)).print(false)?;
    passkeys(services, domain, login, false).await?;
    let columns = &["event", "created_at", "actor", "client_address", "user_agent"];
    let events = services.list_user_events(domain, login, EVENTS).await?;
    Table::new(columns, events.iter().map(event_row)).print(false)
}

/// Prints the passkeys of a user.
pub(super) async fn passkeys(
    services: &Services,
    domain: &DomainId,
    login: &LoginId,
    json: bool,
) -> Result<(), CliError> {
    let columns = &["passkey_id", "name", "created_at", "last_used_at", "is_backed_up", "transports"];
    let passkeys = services.list_user_passkeys(domain, login).await?;
    Table::new(columns, passkeys.iter().map(passkey_row)).print(json)
}

fn passkey_row(passkey: &Passkey) -> Vec<Value> {
    vec![
        json!(passkey.id.as_str()),
        json!(passkey.name.as_str()),
        json!(text_of(passkey.created_at)),
        json!(passkey.last_used_at.map(text_of)),
        json!(passkey.is_backed_up),
        json!(passkey.transports),
    ]
}

pub(super) fn session_row(session: &Session) -> Vec<Value> {
    vec![
        json!(session.id.as_str()),
        json!(text_of(session.last_used_at)),
        json!(text_of(session.expires_at)),
        json!(session.client_address),
        json!(session.user_agent),
    ]
}

fn event_row(event: &SecurityEvent) -> Vec<Value> {
    vec![
        json!(event.event_type.as_str()),
        json!(text_of(event.created_at)),
        json!(event.actor.as_str()),
        json!(event.client_address),
        json!(event.user_agent),
    ]
}

pub(super) fn text_of(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn parse_domain(text: &str, argument: &str) -> Result<DomainId, CliError> {
    DomainId::parse(text).map_err(|invalid| CliError::usage(format!("{argument}: {invalid}")))
}

fn parse_after(text: &str) -> Result<AfterUser, CliError> {
    let (domain, login) =
        text.split_once('/').ok_or_else(|| CliError::usage("--after: this must be DOMAIN_ID/USER_ID"))?;
    let login = LoginId::parse(login).map_err(|invalid| CliError::usage(format!("--after: {invalid}")))?;
    Ok(AfterUser { domain_id: parse_domain(domain, "--after")?, login })
}
