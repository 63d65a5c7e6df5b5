//! The second factor: what is known of one, and how it changes. It changes by a [`Proof`] alone, or by an administrator.

use super::capital_enum;
use super::email::Email;
use super::secret::Digest;

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
}

/// What is asked for besides the password, and where codes for it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Factor {
    /// A code sent to this address.
    Email(Email),
    /// A code of an authenticator app.
    Otp,
}

/// What a user may do to his second factor, once he has proven what that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MfaChange {
    /// Switch this one on, in place of any other.
    Enable(Factor),
    /// Switch it off.
    Disable,
}

/// Why a second factor cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaRefusal {
    /// There is none.
    NotEnabled,
    /// An administrator decided otherwise.
    Enforced,
}

/// That somebody has the factor in question. Nothing else makes one but the comparisons below.
#[derive(Debug)]
pub struct Proof(());

impl Proof {
    /// By the digits that were mailed: the keyed digest of what was typed is that of what was sent.
    #[must_use]
    pub fn by_mail(sent: &Digest, typed: &Digest) -> Option<Self> {
        (sent == typed).then_some(Self(()))
    }

    /// By an authenticator app: its code was accepted for a step of time.
    #[must_use]
    pub fn by_app(accepted_step: Option<i64>) -> Option<Self> {
        accepted_step.map(|_| Self(()))
    }

    /// By a recovery code: there was one, and it is gone now.
    #[must_use]
    pub fn by_recovery_code(was_taken: bool) -> Option<Self> {
        was_taken.then_some(Self(()))
    }
}

impl Factor {
    /// Its kind.
    #[must_use]
    pub fn mfa_type(&self) -> MfaType {
        match self {
            Self::Email(_) => MfaType::Email,
            Self::Otp => MfaType::Otp,
        }
    }

    /// Where its codes go, if anywhere.
    #[must_use]
    pub fn address(&self) -> Option<&Email> {
        match self {
            Self::Email(address) => Some(address),
            Self::Otp => None,
        }
    }
}

impl Default for Mfa {
    fn default() -> Self {
        Self { state: MfaState::Disabled, mfa_type: None, email: None, enforce: false }
    }
}

impl Mfa {
    /// Whether a password alone is not enough to sign in.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state == MfaState::Enabled
    }

    /// What is asked for besides the password, if anything is. An import may have switched [`MfaType::Email`] on
    /// without an address: then only a recovery code helps.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        match (self.is_enabled(), self.mfa_type, &self.email) {
            (true, Some(MfaType::Email), Some(email)) => Some(Factor::Email(email.clone())),
            (true, Some(MfaType::Otp), _) => Some(Factor::Otp),
            _ => None,
        }
    }

    /// Checks that a factor of this kind may be switched on, whether or not one is on.
    ///
    /// # Errors
    /// Another kind is enforced.
    pub fn may_enable(&self, wanted: MfaType) -> Result<(), MfaRefusal> {
        match self.mfa_type {
            Some(enforced) if self.enforce && enforced != wanted => Err(MfaRefusal::Enforced),
            _ => Ok(()),
        }
    }

    /// Checks that the factor may be switched off.
    ///
    /// # Errors
    /// There is none, or it is enforced.
    pub fn may_disable(&self) -> Result<(), MfaRefusal> {
        match (self.is_enabled(), self.enforce) {
            (false, _) => Err(MfaRefusal::NotEnabled),
            (true, true) => Err(MfaRefusal::Enforced),
            (true, false) => Ok(()),
        }
    }

    /// What it is after a change that was proven.
    ///
    /// # Errors
    /// It may not be changed so, or not any more.
    pub fn change(&self, change: MfaChange, _proof: Proof) -> Result<Self, MfaRefusal> {
        match change {
            MfaChange::Enable(factor) => {
                self.may_enable(factor.mfa_type())?;
                Ok(Self {
                    state: MfaState::Enabled,
                    mfa_type: Some(factor.mfa_type()),
                    email: factor.address().cloned(),
                    enforce: self.enforce,
                })
            }
            MfaChange::Disable => {
                self.may_disable()?;
                Ok(Self::default())
            }
        }
    }

    /// What it is once an administrator took it away. What was enforced stays enforced.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self { mfa_type: self.mfa_type.filter(|_| self.enforce), enforce: self.enforce, ..Self::default() }
    }

    /// What it is once an administrator enforces it, of one kind or of any.
    ///
    /// # Errors
    /// It is on, and of another kind: that must be taken away first.
    pub fn enforce(&self, kind: Option<MfaType>) -> Result<Self, MfaRefusal> {
        if self.is_enabled() && kind.is_some() && kind != self.mfa_type {
            return Err(MfaRefusal::Enforced);
        }
        let mfa_type = if self.is_enabled() { self.mfa_type } else { kind };
        Ok(Self { enforce: true, mfa_type, ..self.clone() })
    }

    /// What it is once an administrator leaves it to the user again.
    #[must_use]
    pub fn leave_to_user(&self) -> Self {
        Self { enforce: false, mfa_type: self.mfa_type.filter(|_| self.is_enabled()), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Event {
        StartEnabling(MfaType),
        StartDisabling,
        Confirm { is_right: bool, by_recovery_code: bool },
        Expire,
        AdminResets,
        AdminEnforces(Option<MfaType>),
        AdminLeaves,
    }

    fn kind() -> impl Strategy<Value = MfaType> {
        prop_oneof![Just(MfaType::Email), Just(MfaType::Otp)]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            3 => kind().prop_map(Event::StartEnabling),
            2 => Just(Event::StartDisabling),
            5 => any::<(bool, bool)>().prop_map(|(is_right, by_recovery_code)| Event::Confirm { is_right, by_recovery_code }),
            1 => Just(Event::Expire),
            1 => Just(Event::AdminResets),
            1 => prop::option::of(kind()).prop_map(Event::AdminEnforces),
            1 => Just(Event::AdminLeaves),
        ]
    }

    fn proof(is_right: bool, by_recovery_code: bool) -> Option<Proof> {
        if by_recovery_code {
            Proof::by_recovery_code(is_right)
        } else {
            Proof::by_mail(&[1; 32], &[u8::from(is_right); 32])
        }
    }

    proptest! {
        /// On without a proof of the new factor, or off without a proof of the old one or an administrator: never.
        #[test]
        fn no_sequence_of_events_switches_it_without_a_proof(events in prop::collection::vec(event(), 1..60)) {
            let (mut mfa, mut pending) = (Mfa::default(), None);
            for event in events {
                let before = mfa.clone();
                match event.clone() {
                    Event::StartEnabling(kind) => if mfa.may_enable(kind).is_ok() {
                        let factor = match kind {
                            MfaType::Email => Factor::Email(Email::parse("w@example.com").unwrap()),
                            MfaType::Otp => Factor::Otp,
                        };
                        pending = Some(MfaChange::Enable(factor));
                    },
                    Event::StartDisabling => if mfa.may_disable().is_ok() {
                        pending = Some(MfaChange::Disable);
                    },
                    Event::Confirm { is_right, by_recovery_code } => {
                        let (Some(change), Some(proof)) = (pending.take(), proof(is_right, by_recovery_code)) else { continue };
                        if let Ok(changed) = mfa.change(change, proof) {
                            mfa = changed;
                        }
                    }
                    Event::Expire => pending = None,
                    Event::AdminResets => (mfa, pending) = (mfa.reset(), None),
                    Event::AdminEnforces(kind) => if let Ok(enforced) = mfa.enforce(kind) {
                        mfa = enforced;
                    },
                    Event::AdminLeaves => mfa = mfa.leave_to_user(),
                }
                let was_proven = matches!(event, Event::Confirm { is_right: true, .. });
                let by_admin = matches!(event, Event::AdminResets);
                prop_assert!(mfa.is_enabled() == before.is_enabled() || was_proven || (by_admin && !mfa.is_enabled()));
                prop_assert_eq!(mfa.is_enabled(), mfa.factor().is_some());
                if before.enforce && before.is_enabled() && !by_admin {
                    prop_assert!(mfa.is_enabled() && mfa.mfa_type == before.mfa_type);
                }
            }
        }
    }
}
