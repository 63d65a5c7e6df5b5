//! Verification codes and single-use tokens: their purposes, and how submitted codes are counted.
//!
//! A code is pending, exhausted by wrong attempts, expired, or deleted. Only time and attempts end the pending state,
//! and no transition leads back to it: a new code is a separate code.

use super::attempts::RetryAfter;
use super::email::Email;
use super::ids::{CodeId, SessionId, UserId};
use super::secret::Digest;
use super::{Timestamp, string_enums};

string_enums! {
    /// The purpose of a code or token.
    CodePurpose {
        /// To verify an email address.
        VerifyEmail = "VERIFY_EMAIL",
        /// To enable MFA, or to replace its factor.
        EnableMfa = "ENABLE_MFA",
        /// To disable MFA.
        DisableMfa = "DISABLE_MFA",
        /// To complete a sign-in after a correct password.
        SignIn = "SIGN_IN",
        /// To reauthenticate the user.
        Reauthenticate = "REAUTHENTICATE",
        /// To add a passkey.
        AddPasskey = "ADD_PASSKEY",
        /// To sign in or to reauthenticate with a passkey. The user need not be known.
        UsePasskey = "USE_PASSKEY",
        /// To set a new password.
        ResetPassword = "RESET_PASSWORD",
        /// To restore the old email address.
        UndoEmailChange = "UNDO_EMAIL_CHANGE",
        /// To have the account deleted after its grace period.
        DeleteAccount = "DELETE_ACCOUNT",
        /// To cancel the deletion of the account. Its token expires when the grace period does: as long as there is such
        /// a token, the account is going to be deleted at that time.
        CancelDeletion = "CANCEL_DELETION",
    }
}

impl CodePurpose {
    /// The purposes whose codes a change of the password invalidates: all except undo links, which are the only way for
    /// the owner of a compromised account to restore the old address, and links that cancel a deletion.
    pub const INVALIDATED_BY_PASSWORD_CHANGE: [Self; 8] = [
        Self::VerifyEmail,
        Self::EnableMfa,
        Self::DisableMfa,
        Self::SignIn,
        Self::Reauthenticate,
        Self::AddPasskey,
        Self::ResetPassword,
        Self::DeleteAccount,
    ];
    /// The purposes whose codes are invalidated when a user is disabled. Undo links stay valid: with them, an owner
    /// recovers an address that an attacker replaced.
    pub const INVALIDATED_BY_DISABLING: [Self; 7] = [
        Self::EnableMfa,
        Self::DisableMfa,
        Self::SignIn,
        Self::Reauthenticate,
        Self::AddPasskey,
        Self::ResetPassword,
        Self::DeleteAccount,
    ];
    /// The purposes whose codes a change of MFA invalidates.
    pub const OF_MFA: [Self; 4] = [Self::EnableMfa, Self::DisableMfa, Self::SignIn, Self::Reauthenticate];
    /// The pending changes of MFA, at most one for a user at a time.
    pub const MFA_CHANGES: [Self; 2] = [Self::EnableMfa, Self::DisableMfa];
}

/// A pending code: six digits that were sent by email, a code of an authenticator app, a response of a passkey, or a
/// token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its id.
    pub id: CodeId,
    /// The user it belongs to; no user for [`CodePurpose::UsePasskey`].
    pub owner_id: UserId,
    /// Its purpose.
    pub purpose: CodePurpose,
    /// The address that it was sent to or is about; it is valid for no other.
    pub address: Option<Email>,
    /// The only session that may submit it.
    pub session_id: Option<SessionId>,
    /// The keyed digest of the emailed digits; `None` if an authenticator app generates them.
    pub digest: Option<Digest>,
    /// The encrypted secret of an authenticator app that is being enrolled.
    pub otp_secret: Option<Vec<u8>>,
    /// The state of a ceremony with a passkey, whose response may be submitted.
    pub passkey_state: Option<String>,
    /// The keyed digest of the account whose passkey is required; `None` if any passkey is accepted.
    pub account: Option<Digest>,
    /// The number of counted attempts.
    pub tries: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A link that undoes a change of the email address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoLink {
    /// The user whose address it restores.
    pub owner_id: UserId,
    /// The address that it restores, in the form that is compared.
    pub address_key: String,
    /// When it was issued.
    pub created_at: Timestamp,
}

/// The time from which a user's undo links are invalidated when `address` becomes the user's verified address. Links
/// issued at that time or later are the link to this address and all that came after it. `None` if no link restores
/// this address.
pub fn links_to_invalidate(links: &[&UndoLink], address: &Email) -> Option<Timestamp> {
    links.iter().filter(|link| link.address_key == address.key()).map(|link| link.created_at).min()
}

/// Why a submitted code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    /// No code is pending.
    NothingPending,
    /// The code has expired.
    Expired,
    /// Too many wrong attempts, and when to retry if waiting helps. The code was not compared.
    TooManyTries(Option<RetryAfter>),
    /// The code is wrong.
    Wrong {
        /// The number of attempts that remain.
        attempts_left: u32,
    },
}

impl Code {
    /// Counts an attempt before the code is compared. An attempt that is refused is not counted.
    pub fn charge(&self, max_tries: u32, now: Timestamp) -> Result<u32, CodeRefusal> {
        if now >= self.expires_at {
            Err(CodeRefusal::Expired)
        } else if self.tries >= max_tries {
            Err(CodeRefusal::TooManyTries(None))
        } else {
            Ok(self.tries + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_link_to_an_address_and_those_issued_after_it_are_invalidated() {
        let at = |seconds: i64| Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let link = |address: &str, seconds| UndoLink {
            owner_id: UserId::from_random([0; 6]),
            address_key: address.to_owned(),
            created_at: at(seconds),
        };
        let links = [link("first@x.org", 1), link("old@x.org", 2), link("thief@x.org", 3)];
        let links: Vec<&UndoLink> = links.iter().collect();
        let since = |address: &str| links_to_invalidate(&links, &Email::parse(address).unwrap());
        assert_eq!(since("OLD@x.org"), Some(at(2)));
        assert_eq!(since("thief@x.org"), Some(at(3)));
        assert_eq!(since("new@x.org"), None);
    }

    #[test]
    fn attempts_are_counted_up_to_the_maximum_and_until_the_code_expires() {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let code = |tries, lifetime| Code {
            id: CodeId::from_random([0; 6]),
            owner_id: UserId::from_random([0; 6]),
            purpose: CodePurpose::VerifyEmail,
            address: None,
            session_id: None,
            digest: Some([0; 32]),
            otp_secret: None,
            passkey_state: None,
            account: None,
            tries,
            created_at: now,
            expires_at: now + TimeDelta::microseconds(lifetime),
        };
        for tries in 0..5 {
            assert_eq!(code(tries, 1).charge(5, now), Ok(tries + 1));
        }
        for tries in [5, 6, u32::MAX] {
            assert_eq!(code(tries, 1).charge(5, now), Err(CodeRefusal::TooManyTries(None)));
        }
        for lifetime in [0, -1] {
            assert_eq!(code(0, lifetime).charge(5, now), Err(CodeRefusal::Expired));
            assert_eq!(code(5, lifetime).charge(5, now), Err(CodeRefusal::Expired));
        }
    }
}
