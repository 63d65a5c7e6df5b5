//! Everything that the server stores about a user, for that user. Fields have the names of the API.

use chrono::SecondsFormat;
use derive_more::From;
use serde_json::{Value, json};

use super::{Error, Failure, Services};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, StepUpRequired};
use crate::domain::code::Code;
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEvent, SecurityEventType};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::mfa::MfaType;
use crate::domain::page::Page;
use crate::domain::passkey::Passkey;
use crate::domain::session::Session;
use crate::domain::user::{Domain, User};
use crate::domain::workspace::{GroupMember, RoleBinding, RoleType};
use crate::mail::Notification;
use crate::storage::{codes, events, passkeys, personal_data, recovery_codes, sessions, users};

/// The format of the document.
const FORMAT: &str = "userprofile-data";
/// It changes when a field changes its meaning or goes; new fields may be added.
const VERSION: u32 = 1;
/// How many items of a list are exported, the newest events first. No other list is longer in practice.
const MAX_ITEMS: usize = 10_000;

/// Why no data is exported.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ExportDataRefusal {
    /// The caller may not export it.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
}

impl Services {
    /// Everything that is stored about the caller, except for secrets.
    pub async fn export_data(&self, caller: &Caller, client: &Client) -> Result<Value, Error<ExportDataRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as_recent(caller, now).await?;
        let has_password = users::has_password(&mut tx, &caller.user.id).await?;
        self.record(&mut tx, &caller.user.id, SecurityEventType::DataExported, Some(client), now).await?;
        self.enqueue_notification(&mut tx, &caller.user, Notification::DataExported, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok(self.collect(&caller, has_password, now).await?)
    }

    async fn collect(&self, caller: &Caller, has_password: bool, now: Timestamp) -> Result<Value, Failure> {
        let (user, limit) = (&caller.user, i64::try_from(MAX_ITEMS).unwrap_or(i64::MAX));
        let since = now - self.policy.event_retention;
        let events = events::list_by_owner(&self.db, &user.id, since, None, &Page::first(MAX_ITEMS)).await?;
        let all_events = events::count_by_owner(&self.db, &user.id, since).await?;
        let sessions = sessions::list_by_owner(&self.db, &user.id, now).await?;
        let passkeys = passkeys::list(&self.db, &user.id).await?;
        let codes = codes::list_by_owner(&self.db, &user.id, now).await?;
        let groups = personal_data::list_memberships(&self.db, user, limit).await?;
        let bindings = personal_data::list_bindings(&self.db, user, limit).await?;
        let recovery_codes_left = recovery_codes::count(&self.db, &user.id).await?;
        Ok(json!({
            "format": FORMAT,
            "version": VERSION,
            "exportedAt": text_of(now),
            "user": user_json(user, has_password, recovery_codes_left),
            "domain": domain_json(&caller.domain),
            "sessions": sessions.iter().map(session_json).collect::<Vec<_>>(),
            "passkeys": passkeys.iter().map(passkey_json).collect::<Vec<_>>(),
            "pendingCodes": codes.iter().map(code_json).collect::<Vec<_>>(),
            "workspaceGroups": groups.iter().map(group_json).collect::<Vec<_>>(),
            "roleBindings": bindings.iter().map(binding_json).collect::<Vec<_>>(),
            "securityEvents": events.items.iter().map(event_json).collect::<Vec<_>>(),
            "securityEventsTotal": all_events,
        }))
    }
}

fn text_of(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn user_json(user: &User, has_password: bool, recovery_codes_left: u32) -> Value {
    let tags = user.tags.clone().into_text();
    json!({
        "id": user.id.as_str(),
        "userId": user.login.as_str(),
        "name": user.name,
        "state": user.state.as_str(),
        "email": user.email.as_ref().map(Email::as_str),
        "emailVerified": user.email_verified,
        "pendingEmail": user.pending_email.as_ref().map(Email::as_str),
        "authType": user.auth_type.as_str(),
        "hasPassword": has_password,
        "roleId": user.role_id,
        "roleType": user.role_type.as_str(),
        "mfa": {
            "state": user.mfa.state.as_str(),
            "mfaType": user.mfa.mfa_type.map(MfaType::as_str),
            "options": { "email": user.mfa.email.as_ref().map(Email::as_str), "enforce": user.mfa.enforce },
            "recoveryCodesLeft": recovery_codes_left,
        },
        "language": user.language.as_str(),
        "timezone": user.timezone.as_str(),
        "requiredActions": user.required_actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        "refreshTimeout": user.refresh_timeout,
        "tags": serde_json::from_str::<Value>(&tags).unwrap_or_default(),
        "createdAt": text_of(user.created_at),
        "lastAccessedAt": user.last_accessed_at.map(text_of),
    })
}

fn domain_json(domain: &Domain) -> Value {
    json!({ "domainId": domain.id.as_str(), "name": domain.name.as_str() })
}

fn session_json(session: &Session) -> Value {
    json!({
        "id": session.id.as_str(),
        "createdAt": text_of(session.created_at),
        "lastUsedAt": text_of(session.last_used_at),
        "expiresAt": text_of(session.expires_at),
        "authenticatedAt": text_of(session.authenticated_at),
        "clientAddress": session.client_address,
        "userAgent": session.user_agent,
    })
}

fn passkey_json(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id.as_str(),
        "name": passkey.name.as_str(),
        "createdAt": text_of(passkey.created_at),
        "lastUsedAt": passkey.last_used_at.map(text_of),
        "isBackedUp": passkey.is_backed_up,
        "transports": passkey.transports,
    })
}

fn code_json(code: &Code) -> Value {
    json!({
        "purpose": code.purpose.as_str(),
        "address": code.address.as_ref().map(Email::as_str),
        "sessionId": code.session_id,
        "failedAttempts": code.tries,
        "createdAt": text_of(code.created_at),
        "expiresAt": text_of(code.expires_at),
    })
}

fn group_json((group, member): &(WorkspaceGroupId, GroupMember)) -> Value {
    json!({
        "workspaceGroupId": group.as_str(),
        "userId": member.login.as_str(),
        "roleId": member.role_id,
        "roleType": member.role_type.map(RoleType::as_str),
    })
}

fn binding_json(binding: &RoleBinding) -> Value {
    json!({
        "roleBindingId": binding.id.as_str(),
        "userId": binding.login.as_str(),
        "roleId": binding.role_id.as_str(),
        "roleType": binding.role_type.as_str(),
        "resourceGroup": binding.resource_group.as_str(),
        "workspaceId": binding.workspace_id,
        "workspaceGroupId": binding.workspace_group_id,
        "createdAt": text_of(binding.created_at),
    })
}

fn event_json(event: &SecurityEvent) -> Value {
    json!({
        "id": event.id.as_str(),
        "type": event.event_type.as_str(),
        "createdAt": text_of(event.created_at),
        "actor": event.actor.as_str(),
        "clientAddress": event.client_address,
        "userAgent": event.user_agent,
    })
}
