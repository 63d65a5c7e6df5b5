//! Security events: what happened to an account. Its owner can list them.

use super::ids::{EventId, UserId};
use super::{Timestamp, string_enums};

string_enums! {
    /// The type of a security event.
    SecurityEventType {
        /// The user signed in.
        SignedIn = "SIGNED_IN",
        /// The user signed out.
        SignedOut = "SIGNED_OUT",
        /// One or more sessions were revoked from another session or by an operator.
        SessionsRevoked = "SESSIONS_REVOKED",
        /// A refresh token was used again after its rotation; its session was revoked.
        RefreshTokenReused = "REFRESH_TOKEN_REUSED",
        /// An operator set a password.
        PasswordSet = "PASSWORD_SET",
        /// After a correct password at sign-in, the limit of wrong codes was reached.
        SignInCodesExhausted = "SIGN_IN_CODES_EXHAUSTED",
        /// The user reauthenticated.
        Reauthenticated = "REAUTHENTICATED",
        /// The user verified the current email address.
        EmailVerified = "EMAIL_VERIFIED",
        /// The email address was changed to a new, verified one.
        EmailChanged = "EMAIL_CHANGED",
        /// The old email address was restored with an undo link; all sessions were revoked.
        EmailChangeUndone = "EMAIL_CHANGE_UNDONE",
        /// The user changed the password; all other sessions were revoked.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A password reset was requested, and its link was sent by email.
        PasswordResetRequested = "PASSWORD_RESET_REQUESTED",
        /// An operator created a password reset link.
        PasswordResetIssued = "PASSWORD_RESET_ISSUED",
        /// A new password was set with a reset link; all sessions were revoked.
        PasswordReset = "PASSWORD_RESET",
        /// MFA was enabled, or its factor was replaced.
        MfaEnabled = "MFA_ENABLED",
        /// MFA was disabled.
        MfaDisabled = "MFA_DISABLED",
        /// An operator reset MFA.
        MfaReset = "MFA_RESET",
        /// An operator changed whether MFA is enforced.
        MfaEnforced = "MFA_ENFORCED",
        /// A recovery code was used instead of the factor.
        RecoveryCodeUsed = "RECOVERY_CODE_USED",
        /// New recovery codes were generated; the old ones are invalidated.
        RecoveryCodesRegenerated = "RECOVERY_CODES_REGENERATED",
        /// A passkey was added.
        PasskeyAdded = "PASSKEY_ADDED",
        /// A passkey was removed, by the user or an operator.
        PasskeyRemoved = "PASSKEY_REMOVED",
        /// A passkey was refused: its signature counter did not grow, so there may be a copy of it.
        PasskeyRefused = "PASSKEY_REFUSED",
        /// The user exported their data.
        DataExported = "DATA_EXPORTED",
        /// The user requested the deletion of the account, and a code was sent by email.
        AccountDeletionRequested = "ACCOUNT_DELETION_REQUESTED",
        /// The user confirmed the deletion, which is scheduled for the end of the grace period; all sessions were revoked.
        AccountDeletionScheduled = "ACCOUNT_DELETION_SCHEDULED",
        /// The deletion was cancelled, by its link, a sign-in, a password reset, an undo link, or an operator.
        AccountDeletionCancelled = "ACCOUNT_DELETION_CANCELLED",
        /// The account was deleted after its grace period. This event is reported, but not stored: nothing of the account
        /// is.
        AccountDeleted = "ACCOUNT_DELETED",
        /// An operator changed the user's required actions.
        ActionRequired = "ACTION_REQUIRED",
        /// An operator enabled the account.
        UserEnabled = "USER_ENABLED",
        /// An operator disabled the account.
        UserDisabled = "USER_DISABLED",
        /// A sign-in failed: the password was wrong, or the account may not sign in.
        SignInFailed = "SIGN_IN_FAILED",
        /// Too many wrong passwords: attempts are refused until a delay has passed.
        SignInLocked = "SIGN_IN_LOCKED",
        /// A sign-in failed after a correct password: the code was wrong.
        SignInCodeFailed = "SIGN_IN_CODE_FAILED",
        /// A wrong current password or a wrong code was submitted in a session.
        ReauthenticationFailed = "REAUTHENTICATION_FAILED",
        /// A password reset was requested or confirmed, and refused.
        PasswordResetRefused = "PASSWORD_RESET_REFUSED",
        /// An operator invalidated all links that undo a change of the email address.
        UndoLinksInvalidated = "UNDO_LINKS_INVALIDATED",
        /// An operator created the account.
        UserCreated = "USER_CREATED",
        /// An operator changed the account by an import.
        UserUpdated = "USER_UPDATED",
        /// An operator deleted the account.
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
            | SecurityEventType::PasskeyRefused
            | SecurityEventType::AccountDeleted
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
    /// Its id.
    pub id: EventId,
    /// The account.
    pub owner_id: UserId,
    /// What happened.
    pub event_type: SecurityEventType,
    /// When it happened.
    pub created_at: Timestamp,
    /// The client's address; `None` if it came from the command line.
    pub client_address: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The actor that caused it.
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
