//! Codes and one-time tokens that wait for their answer: what one is good for, and what becomes of a guess.
//!
//! The states of a code are: waiting, used up by wrong guesses, out of time, gone. It leaves the first by time and by
//! guesses alone, and nothing leads back: a new code is another code.

use super::attempts::Wait;
use super::email::Email;
use super::ids::{CodeId, SessionId, UserId};
use super::secret::Digest;
use super::{Timestamp, capital_enum};

capital_enum! {
    /// What a code or token is good for.
    CodePurpose {
        /// To prove that one reads an e-mail address.
        VerifyEmail = "VERIFY_EMAIL",
        /// To switch a second factor on, or to replace it.
        EnableMfa = "ENABLE_MFA",
        /// To switch the second factor off.
        DisableMfa = "DISABLE_MFA",
        /// To sign in, after a right password.
        SignIn = "SIGN_IN",
        /// To prove again who one is.
        Reauthenticate = "REAUTHENTICATE",
        /// To choose a new password.
        ResetPassword = "RESET_PASSWORD",
        /// To put the old e-mail address back.
        UndoEmailChange = "UNDO_EMAIL_CHANGE",
    }
}

impl CodePurpose {
    /// Those that a change of the password voids: all but the link that puts an old address back, for that is what
    /// an owner has left whose account was taken over.
    pub const VOIDED_BY_PASSWORD: [Self; 6] =
        [Self::VerifyEmail, Self::EnableMfa, Self::DisableMfa, Self::SignIn, Self::Reauthenticate, Self::ResetPassword];
    /// Those that disabling a user voids. Undo links stay: they are how an owner takes back an address that a thief set.
    pub const VOIDED_BY_DISABLING: [Self; 5] =
        [Self::EnableMfa, Self::DisableMfa, Self::SignIn, Self::Reauthenticate, Self::ResetPassword];
    /// Those that a change of the second factor voids, and those of which one is pending for a user at a time.
    pub const OF_MFA: [Self; 4] = [Self::EnableMfa, Self::DisableMfa, Self::SignIn, Self::Reauthenticate];
    /// A change of the second factor that waits to be confirmed: one for a user at a time.
    pub const MFA_CHANGES: [Self; 2] = [Self::EnableMfa, Self::DisableMfa];
}

/// Something that waits for its answer: six digits that were mailed, a code of an authenticator app, or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its key.
    pub id: CodeId,
    /// Whose it is.
    pub owner_id: UserId,
    /// What it is good for.
    pub purpose: CodePurpose,
    /// The address it was sent to, or is about; it is good for no other.
    pub address: Option<Email>,
    /// The session that alone may answer it.
    pub session_id: Option<SessionId>,
    /// Keyed digest of the digits that were mailed; `None` where an authenticator app makes them.
    pub digest: Option<Digest>,
    /// The sealed secret of an authenticator app that is being set up.
    pub otp_secret: Option<Vec<u8>>,
    /// How many guesses were counted.
    pub tries: u32,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// A link that undoes a change of the email address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoLink {
    /// Whose account it is for.
    pub owner_id: UserId,
    /// The address that it restores, in the form that is compared.
    pub address_key: String,
    /// When it was issued.
    pub created_at: Timestamp,
}

/// Which of a user's valid undo links are invalidated when `address` becomes the user's verified address: those issued at
/// the returned time or later, which are the link to this address and all that came after it. `None` where no link leads
/// to it.
#[must_use]
pub fn links_to_invalidate(links: &[&UndoLink], address: &Email) -> Option<Timestamp> {
    links.iter().filter(|link| link.address_key == address.key()).map(|link| link.created_at).min()
}

/// Why a guess comes to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    /// Nothing waits for it.
    NothingPending,
    /// It came too late.
    Expired,
    /// Too many wrong ones came before; where waiting helps, for how long. It was not looked at.
    TooManyTries(Option<Wait>),
    /// It is wrong; so many more are looked at.
    Wrong {
        /// How many.
        attempts_left: u32,
    },
}

impl Code {
    /// Counts a guess, before it is looked at.
    ///
    /// # Errors
    /// Why it will not be looked at; then it counts nothing.
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
    use proptest::prelude::*;

    use super::*;

    const MAX_TRIES: u32 = 5;

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

    #[derive(Debug, Clone)]
    enum Event {
        Issue,
        Guess { is_right: bool },
        Pass { seconds: i64 },
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            1 => Just(Event::Issue),
            6 => any::<bool>().prop_map(|is_right| Event::Guess { is_right }),
            2 => (1_i64..400).prop_map(|seconds| Event::Pass { seconds }),
        ]
    }

    fn issue(now: Timestamp) -> Code {
        Code {
            id: CodeId::from_random([0; 6]),
            owner_id: UserId::from_random([0; 6]),
            purpose: CodePurpose::VerifyEmail,
            address: None,
            session_id: None,
            digest: Some([0; 32]),
            otp_secret: None,
            tries: 0,
            created_at: now,
            expires_at: now + TimeDelta::minutes(10),
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_a_code_bears_few_guesses_wins_once_and_dies_in_time(events in prop::collection::vec(event(), 1..80)) {
            let mut now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
            let mut waiting: Option<Code> = None;
            let (mut looked_at, mut issued_at) = (0, now);
            for event in events {
                match event {
                    Event::Issue => {
                        waiting = Some(issue(now));
                        (looked_at, issued_at) = (0, now);
                    }
                    Event::Pass { seconds } => now += TimeDelta::seconds(seconds),
                    Event::Guess { is_right } => {
                        let Some(code) = &mut waiting else { continue };
                        let Ok(tries) = code.charge(MAX_TRIES, now) else { continue };
                        prop_assert!(tries > code.tries);
                        code.tries = tries;
                        looked_at += 1;
                        prop_assert!(looked_at <= MAX_TRIES);
                        prop_assert!(now - issued_at < TimeDelta::minutes(10));
                        if is_right {
                            waiting = None;
                        }
                    }
                }
            }
        }
    }
}
