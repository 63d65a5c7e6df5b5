//! The second factor: what is known of one.

use super::capital_enum;
use super::email::Email;

capital_enum! {
    /// Whether a second factor is asked for.
    MfaState {
        /// It is.
        Enabled = "ENABLED",
        /// It is not.
        Disabled = "DISABLED",
    }
}

capital_enum! {
    /// The kinds of second factor.
    MfaType {
        /// A code sent to an e-mail address.
        Email = "EMAIL",
        /// A time-based one-time password (RFC 6238) of an authenticator app.
        Otp = "OTP",
    }
}

/// A user's second factor; its secret is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mfa {
    /// Whether it is asked for.
    pub state: MfaState,
    /// Of what kind it is, or has to be.
    pub mfa_type: Option<MfaType>,
    /// Where codes go, for [`MfaType::Email`].
    pub email: Option<Email>,
    /// Whether an administrator decided that this user has one: he can then neither switch it off nor change its type.
    pub enforce: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

impl Default for Mfa {
    fn default() -> Self {
        Self { state: MfaState::Disabled, mfa_type: None, email: None, enforce: false, recovery_codes_left: 0 }
    }
}

impl Mfa {
    /// Whether a password alone is not enough to sign in.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state == MfaState::Enabled
    }
}
