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
        /// An administrator enabled the account.
        UserEnabled = "USER_ENABLED",
        /// An administrator disabled the account.
        UserDisabled = "USER_DISABLED",
    }
}

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
}

/// From where something was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address, as far as it can be believed.
    pub address: std::net::IpAddr,
    /// What it calls itself, cut to a sensible length.
    pub user_agent: Option<String>,
}
