//! Security events: what happened to an account, for its owner to see.

use super::ids::{EventId, UserId};
use super::{Timestamp, capital_enum};

/// How many days an event is kept.
pub const EVENT_RETENTION_DAYS: i64 = 90;

capital_enum! {
    /// What happened.
    SecurityEventType {
        /// Somebody signed in.
        SignedIn = "SIGNED_IN",
        /// He signed out.
        SignedOut = "SIGNED_OUT",
        /// One or more sessions were ended from another one, or by an administrator.
        SessionsRevoked = "SESSIONS_REVOKED",
        /// A refresh token was shown that had been exchanged before; its session was ended.
        RefreshTokenReused = "REFRESH_TOKEN_REUSED",
        /// An administrator set a password.
        PasswordSet = "PASSWORD_SET",
        /// Too many wrong codes were tried at sign-in, after a right password.
        SignInCodesExhausted = "SIGN_IN_CODES_EXHAUSTED",
        /// He proved again who he is.
        Reauthenticated = "REAUTHENTICATED",
        /// He proved that he reads the address he had.
        EmailVerified = "EMAIL_VERIFIED",
        /// He has another e-mail address, which he proved to read.
        EmailChanged = "EMAIL_CHANGED",
        /// Whoever reads the old address put it back; all sessions were ended.
        EmailChangeUndone = "EMAIL_CHANGE_UNDONE",
        /// He changed his password; all other sessions were ended.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A link for a new password was asked for, and mailed.
        PasswordResetRequested = "PASSWORD_RESET_REQUESTED",
        /// An administrator made a link for a new password.
        PasswordResetIssued = "PASSWORD_RESET_ISSUED",
        /// A new password was set by such a link; all sessions were ended.
        PasswordReset = "PASSWORD_RESET",
        /// A second factor was switched on, or replaced.
        MfaEnabled = "MFA_ENABLED",
        /// The second factor was switched off.
        MfaDisabled = "MFA_DISABLED",
        /// An administrator took the second factor away.
        MfaReset = "MFA_RESET",
        /// An administrator decided whether a second factor must be on.
        MfaEnforced = "MFA_ENFORCED",
        /// A recovery code was used in place of the second factor.
        RecoveryCodeUsed = "RECOVERY_CODE_USED",
        /// New recovery codes were made; the old ones are void.
        RecoveryCodesRegenerated = "RECOVERY_CODES_REGENERATED",
        /// An administrator required something of the user, or required it no longer.
        ActionRequired = "ACTION_REQUIRED",
        /// An administrator enabled the account.
        UserEnabled = "USER_ENABLED",
        /// An administrator disabled the account.
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
}

capital_enum! {
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
    /// Who causes events of this type that come `from` a client, or from no client.
    #[must_use]
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

/// The owner of events about user ids that no user has. Failed sign-ins with them are recorded like any other, so that
/// recording takes the same time, and so that operators see who tries many names.
pub const UNKNOWN_OWNER: &str = "unknown";

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its key.
    pub id: EventId,
    /// Whose account.
    pub owner_id: UserId,
    /// What happened.
    pub event_type: SecurityEventType,
    /// When.
    pub created_at: Timestamp,
    /// From which address; `None` where it came from the command line.
    pub client_address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// Who caused it.
    pub actor: SecurityEventActor,
}

impl SecurityEvent {
    /// An event that `client` caused now, or, without one, an operator.
    #[must_use]
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

/// From where something was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address, as far as it can be believed.
    pub address: std::net::IpAddr,
    /// What it calls itself, cut to a sensible length.
    pub user_agent: Option<String>,
}
