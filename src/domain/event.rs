//! Security events: what happened to an account. Its owner can list them.

#![expect(missing_docs, reason = "a field that says what it holds has no comment")]

use super::ids::{EventId, UserId};
use super::{Timestamp, string_enums};

/// How many days an event is kept.
pub const EVENT_RETENTION_DAYS: i64 = 90;

string_enums! {
    /// The type of a security event. The schema of the API describes each.
    SecurityEventType {
        SignedIn = "SIGNED_IN",
        SignedOut = "SIGNED_OUT",
        SessionsRevoked = "SESSIONS_REVOKED",
        RefreshTokenReused = "REFRESH_TOKEN_REUSED",
        PasswordSet = "PASSWORD_SET",
        SignInCodesExhausted = "SIGN_IN_CODES_EXHAUSTED",
        Reauthenticated = "REAUTHENTICATED",
        EmailVerified = "EMAIL_VERIFIED",
        EmailChanged = "EMAIL_CHANGED",
        EmailChangeUndone = "EMAIL_CHANGE_UNDONE",
        PasswordChanged = "PASSWORD_CHANGED",
        PasswordResetRequested = "PASSWORD_RESET_REQUESTED",
        PasswordResetIssued = "PASSWORD_RESET_ISSUED",
        PasswordReset = "PASSWORD_RESET",
        MfaEnabled = "MFA_ENABLED",
        MfaDisabled = "MFA_DISABLED",
        MfaReset = "MFA_RESET",
        MfaEnforced = "MFA_ENFORCED",
        RecoveryCodeUsed = "RECOVERY_CODE_USED",
        RecoveryCodesRegenerated = "RECOVERY_CODES_REGENERATED",
        ActionRequired = "ACTION_REQUIRED",
        UserEnabled = "USER_ENABLED",
        UserDisabled = "USER_DISABLED",
        SignInFailed = "SIGN_IN_FAILED",
        SignInLocked = "SIGN_IN_LOCKED",
        SignInCodeFailed = "SIGN_IN_CODE_FAILED",
        ReauthenticationFailed = "REAUTHENTICATION_FAILED",
        PasswordResetRefused = "PASSWORD_RESET_REFUSED",
        UndoLinksInvalidated = "UNDO_LINKS_INVALIDATED",
        UserCreated = "USER_CREATED",
        UserUpdated = "USER_UPDATED",
        UserDeleted = "USER_DELETED",
    }

    /// Who caused an event.
    SecurityEventActor {
        /// The user, or a client that claims to be them.
        User = "USER",
        /// An operator, by the command line or an import.
        Operator = "OPERATOR",
        /// The server, by a rule: it ended a session or refused further attempts.
        System = "SYSTEM",
    }
}

impl SecurityEventActor {
    /// The actor of events of this type that come `from` a client, or from no client.
    pub fn of(event_type: SecurityEventType, from: Option<&Client>) -> Self {
        match event_type {
            SecurityEventType::RefreshTokenReused
            | SecurityEventType::SignInCodesExhausted
            | SecurityEventType::SignInLocked => Self::System,
            _ if from.is_some() => Self::User,
            // Only the command line and imports have no client.
            _ => Self::Operator,
        }
    }
}

/// The owner of events about unknown user ids. Failed sign-ins with them are recorded like any other, so that recording
/// takes the same time, and so that operators see clients that try many user ids.
pub const UNKNOWN_OWNER: &str = "unknown";

/// A security event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    pub id: EventId,
    /// The account.
    pub owner_id: UserId,
    pub event_type: SecurityEventType,
    pub created_at: Timestamp,
    /// The client's address; `None` if it came from the command line.
    pub client_address: Option<String>,
    pub user_agent: Option<String>,
    pub actor: SecurityEventActor,
}

impl SecurityEvent {
    /// An event that `client` caused now, or an operator if there is no client.
    pub fn new(
        id: EventId,
        owner_id: UserId,
        event_type: SecurityEventType,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner_id,
            event_type,
            created_at: now,
            client_address: client.map(|client| client.address.to_string()),
            user_agent: client.and_then(|client| client.user_agent.clone()),
            actor: SecurityEventActor::of(event_type, client),
        }
    }
}

/// The client that sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's address, as far as it can be trusted.
    pub address: std::net::IpAddr,
    /// The client's `User-Agent`, truncated.
    pub user_agent: Option<String>,
}
